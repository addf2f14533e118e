"""What ``/v1/embed`` takes and answers."""

from __future__ import annotations

import base64
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from preprocess.filters import View
from search_api.embed import Embedded
from search_api.limits import MAX_QUERIES
from search_api.replies import example
from search_api.schemas import QueryText

Encoding = Literal["float", "base64"]


class EmbedRequest(BaseModel):
    """Texts that need vectors."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"texts": ["Sr. Python Developer", "Cook eggs to order."]},
                {"texts": ["Ran 30 Kubernetes clusters."], "view": "jargon", "encoding": "base64"},
            ]
        },
    )

    texts: list[QueryText] = Field(min_length=1, max_length=MAX_QUERIES)
    view: View = Field(
        default="raw",
        description="raw: the text; filtered: without stop words and names; jargon: its technologies "
        "alone. Where a view leaves nothing, the text itself is taken.",
    )
    encoding: Encoding = Field(
        default="float",
        description="float: a list of numbers for each text; base64: its float32 values, little-endian, "
        "which is about a quarter of the size.",
    )


class ComparableReply(BaseModel):
    """A collection that these vectors may be compared with."""

    collection: str
    fingerprint: str = Field(description="Digest of the index, as the replies to searches name it.")


class EmbedReply(BaseModel):
    """One vector for each text, in order, and what they may be compared with."""

    model_config = example(
        {
            "model": "team/model-of-two-dimensions",
            "weights_sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "dimension": 2,
            "normalised": True,
            "view": "raw",
            "view_settings": {},
            "comparable": [{"collection": "occupations", "fingerprint": "5b8a2f0c91d4"}],
            "encoding": "base64",
            "vectors": ["zczMPc3MTL4="],
        }
    )

    model: str
    weights_sha256: str = Field(description="Of the model's weights; other weights make other vectors.")
    dimension: int
    normalised: bool = Field(description="Each vector has length 1: the dot product is the cosine.")
    view: View
    view_settings: dict[str, str] = Field(description="What else the view depends on; empty for raw.")
    comparable: list[ComparableReply] = Field(
        description="Indexes here whose dense vectors have the same model, weights and view."
    )
    encoding: Encoding
    vectors: list[list[float]] | list[str] = Field(description="Numbers, or base64 of float32 values.")

    @classmethod
    def of(cls, made: Embedded, encoding: Encoding) -> EmbedReply:
        return cls(
            model=made.model,
            weights_sha256=made.weights_sha256,
            dimension=made.vectors.shape[1],
            normalised=True,
            view=made.view,
            view_settings=dict(made.view_settings),
            comparable=[
                ComparableReply(collection=each.collection, fingerprint=each.fingerprint)
                for each in made.comparable
            ],
            encoding=encoding,
            vectors=(
                made.vectors.tolist()
                if encoding == "float"
                else [base64.b64encode(row.tobytes()).decode() for row in made.vectors.astype("<f4")]
            ),
        )
