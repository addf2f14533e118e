"""Every exception of joblens, in one tree.

Each class carries the HTTP status that the REST API answers with, and the exit status of
the command line follows from it. Foreign errors (files, Qdrant, HTTP, models) are mapped
to these where they enter. A message says what was expected, what was found and what to do.

::

    JoblensError                      500
    |-- InputError                    422  what the caller asked cannot be answered
    |   |-- EmptyQuery                422
    |   |-- InvalidParameter          422  top_k, level, mode, filter, threshold ...
    |   |-- UnknownCode               404  an occupation code that the index does not hold
    |   |-- UnknownDocument           404
    |   |-- UnknownBatch              404
    |   `-- Conflict                  409  the thing is not in a state for this
    |-- AccessError                   403  who asks may not
    |   |-- Unauthorised              401  no API key, or none that is valid
    |   |-- Forbidden                 403  the key's role does not reach that far
    |   `-- TooManyRequests           429  over the key's rate; says when to come again
    |-- Overloaded                    503  more requests at once than the service takes
    |-- TimedOut                      504  a request took longer than it may
    |-- ReadError                     422  a file, row or release that cannot be read
    |   |-- MissingPath               404
    |   |-- TooLarge                  413
    |   |-- UnsupportedFormat         415
    |   `-- InvalidRelease            422  an O*NET release without a required file or column
    |-- DownloadError                 502
    |-- ModelError                    500  a model that cannot be loaded
    |   |-- MissingModel              500
    |   `-- WeightsMismatch           500  the weights are not the ones that were pinned
    |-- MissingExtra                  500  an optional package; the message is the install line
    `-- StoreError                    503
        |-- IndexMissing              503  no such collection yet; names the command that makes it
        |-- FingerprintMismatch       409  built with another model, view or schema
        |-- DimensionMismatch         409
        |-- StoreLocked               503  open in another process
        |-- StorageFull               507
        `-- StoreCorrupt              500
"""

from typing import ClassVar


class JoblensError(Exception):
    """The root: anything joblens raises on purpose."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "joblens failed"
    retry_after_s: int | None = None
    """After how long the same request may go through; None where that is not known."""


class InputError(JoblensError):
    status = 422
    title = "The request cannot be answered"


class EmptyQuery(InputError):
    title = "The query is empty"


class InvalidParameter(InputError):
    title = "A parameter is not valid"


class UnknownCode(InputError):
    status = 404
    title = "No such occupation code"


class UnknownDocument(InputError):
    status = 404
    title = "No such document"


class UnknownBatch(InputError):
    status = 404
    title = "No such batch"


class Conflict(InputError):
    status = 409
    title = "Not in this state"


class AccessError(JoblensError):
    status = 403
    title = "Access is refused"


class Unauthorised(AccessError):
    status = 401
    title = "A valid API key is needed"


class Forbidden(AccessError):
    title = "The API key may not do this"


class TooManyRequests(AccessError):
    status = 429
    title = "Too many requests"


class Overloaded(JoblensError):
    status = 503
    title = "The service is busy"


class TimedOut(JoblensError):
    status = 504
    title = "The request took too long"


class ReadError(JoblensError):
    status = 422
    title = "The input cannot be read"


class MissingPath(ReadError):
    status = 404
    title = "No such file or folder"


class TooLarge(ReadError):
    status = 413
    title = "The input is too large"


class UnsupportedFormat(ReadError):
    status = 415
    title = "The format is not supported"


class InvalidRelease(ReadError):
    title = "Not a complete O*NET release"


class DownloadError(JoblensError):
    status = 502
    title = "The download failed"


class ModelError(JoblensError):
    title = "The model cannot be used"


class MissingModel(ModelError):
    title = "The model is not there"


class WeightsMismatch(ModelError):
    title = "The model's weights are not the pinned ones"


class MissingExtra(JoblensError):
    title = "An optional package is missing"


class StoreError(JoblensError):
    status = 503
    title = "The store cannot answer"


class IndexMissing(StoreError):
    title = "The index is not there"


class FingerprintMismatch(StoreError):
    status = 409
    title = "The index was built with other settings"


class DimensionMismatch(StoreError):
    status = 409
    title = "The vectors have another dimension"


class StoreLocked(StoreError):
    title = "The store is open in another process"


class StorageFull(StoreError):
    status = 507
    title = "The disk is full"


class StoreCorrupt(StoreError):
    status = 500
    title = "The store's files are damaged"
