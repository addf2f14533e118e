"""The stand-in of tests/qdrant_stub.py for gRPC: the server's services on a real loopback socket.

The messages and the services are those that the client carries, generated from the server's own ``.proto``
files; the client's converters turn them into its models and back, and its in-memory engine answers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc
from qdrant_client import QdrantClient, models
from qdrant_client import grpc as messages
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc

DONE = messages.PointsOperationResponse(
    result=messages.UpdateResult(operation_id=0, status=messages.UpdateStatus.Completed)
)


class QdrantGrpcStub:
    """The stand-in; a context manager.

    :param api_key: what the metadata ``api-key`` must hold.
    """

    def __init__(self, api_key: str) -> None:
        self.client = QdrantClient(":memory:")
        self._pool = ThreadPoolExecutor(2)
        self._server = grpc.server(
            self._pool,
            interceptors=[_Guard(api_key)],
            options=[("grpc.max_receive_message_length", 32 * 1024 * 1024)],
        )
        messages.add_PointsServicer_to_server(_Points(self.client), self._server)  # type: ignore[no-untyped-call]
        messages.add_CollectionsServicer_to_server(_Collections(self.client), self._server)  # type: ignore[no-untyped-call]
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> QdrantGrpcStub:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(None).wait()
        self._pool.shutdown()
        self.client.close()


class _Guard(grpc.ServerInterceptor):  # type: ignore[misc]
    """Refuses who does not bring the key, and turns the engine's ValueError into a status."""

    def __init__(self, api_key: str) -> None:
        self.api_key = api_key

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        handler = continuation(details)
        allowed = ("api-key", self.api_key) in [tuple(pair) for pair in details.invocation_metadata]

        def answer(request: Any, context: Any) -> Any:
            if not allowed:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid API key or JWT")
            try:
                return handler.unary_unary(request, context)
            except ValueError as error:
                text = str(error)
                if "not found" in text:
                    context.abort(grpc.StatusCode.NOT_FOUND, f"Not found: {text}")
                exists = "already exists" in text
                status = grpc.StatusCode.ALREADY_EXISTS if exists else grpc.StatusCode.INVALID_ARGUMENT
                context.abort(status, text)

        return grpc.unary_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )


def _within(request: Any) -> models.Filter | None:
    return GrpcToRest.convert_filter(request.filter) if request.HasField("filter") else None


class _Points(messages.PointsServicer):
    def __init__(self, client: QdrantClient) -> None:
        self.client = client

    def Upsert(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        points = [GrpcToRest.convert_point_struct(point) for point in request.points]
        self.client.upsert(request.collection_name, points)
        return DONE

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        self.client.delete(request.collection_name, GrpcToRest.convert_points_selector(request.points))
        return DONE

    def CreateFieldIndex(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        schema = GrpcToRest.convert_payload_schema_params(request.field_index_params)
        self.client.create_payload_index(request.collection_name, request.field_name, schema)
        return DONE

    def Get(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        found = self.client.retrieve(
            request.collection_name,
            [GrpcToRest.convert_point_id(id) for id in request.ids],
            with_payload=GrpcToRest.convert_with_payload_interface(request.with_payload),
            with_vectors=GrpcToRest.convert_with_vectors_selector(request.with_vectors),
        )
        return messages.GetResponse(result=[RestToGrpc.convert_record(record) for record in found])

    def Scroll(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        found, offset = self.client.scroll(
            request.collection_name,
            scroll_filter=_within(request),
            limit=request.limit,
            offset=GrpcToRest.convert_point_id(request.offset) if request.HasField("offset") else None,
            with_payload=GrpcToRest.convert_with_payload_interface(request.with_payload),
            with_vectors=GrpcToRest.convert_with_vectors_selector(request.with_vectors),
        )
        return messages.ScrollResponse(
            result=[RestToGrpc.convert_record(record) for record in found],
            next_page_offset=None if offset is None else RestToGrpc.convert_extended_point_id(offset),
        )

    def Count(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        found = self.client.count(request.collection_name, _within(request))
        return messages.CountResponse(result=RestToGrpc.convert_count_result(found))

    def Facet(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        found = self.client.facet(
            request.collection_name, request.key, facet_filter=_within(request), limit=request.limit
        )
        return messages.FacetResponse(hits=[RestToGrpc.convert_facet_value_hit(hit) for hit in found.hits])

    def QueryBatch(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        asked = [GrpcToRest.convert_query_points(query) for query in request.query_points]
        answers = self.client.query_batch_points(request.collection_name, asked)
        return messages.QueryBatchResponse(
            result=[
                messages.BatchResult(result=[RestToGrpc.convert_scored_point(hit) for hit in answer.points])
                for answer in answers
            ]
        )


class _Collections(messages.CollectionsServicer):
    def __init__(self, client: QdrantClient) -> None:
        self.client = client

    def Create(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        vectors, words = request.vectors_config, request.sparse_vectors_config
        done = self.client.create_collection(
            request.collection_name,
            vectors_config=GrpcToRest.convert_vectors_config(vectors) if vectors.WhichOneof("config") else {},
            sparse_vectors_config=GrpcToRest.convert_sparse_vector_config(words) if words.map else None,
            metadata=GrpcToRest.convert_payload(request.metadata),
        )
        return messages.CollectionOperationResponse(result=done)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        done = self.client.delete_collection(request.collection_name)
        return messages.CollectionOperationResponse(result=done)

    def Get(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        found = self.client.get_collection(request.collection_name)
        return messages.GetCollectionInfoResponse(result=RestToGrpc.convert_collection_info(found))

    def List(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        found = self.client.get_collections().collections
        names = [messages.CollectionDescription(name=collection.name) for collection in found]
        return messages.ListCollectionsResponse(collections=names)

    def CollectionExists(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        found = self.client.collection_exists(request.collection_name)
        return messages.CollectionExistsResponse(result=messages.CollectionExists(exists=found))

    def UpdateAliases(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        actions = [GrpcToRest.convert_alias_operations(action) for action in request.actions]
        done = self.client.update_collection_aliases(actions)
        return messages.CollectionOperationResponse(result=done)

    def ListAliases(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        found = self.client.get_aliases().aliases
        return messages.ListAliasesResponse(
            aliases=[RestToGrpc.convert_alias_description(alias) for alias in found]
        )
