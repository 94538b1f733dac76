"""Logging for every program of the house: acts, ids and durations, never a name or a value.

Our own packages' messages are written; of others' warnings only their place. Exceptions are
written by type and place, never by text: a library's text may carry what it was given.
"""

import logging
import sys
import traceback

OUR_PACKAGES = ("app", "ui", "media", "peripherals", "offline_store", "server", "demo", "__main__")


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] in OUR_PACKAGES


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = logging.makeLogRecord(record.__dict__)
        told.exc_text = None  # another handler may have left the text here
        if not _is_ours(record):
            told.msg, told.args = f"at {record.filename}:{record.lineno}", None
        return super().format(told)

    def formatException(self, ei: "logging._SysExcInfoType") -> str:
        kind, _, trace = ei
        frames = traceback.extract_tb(trace)
        places = " < ".join(
            f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames)
        )
        return f"{getattr(kind, '__name__', kind)} at {places}"


class _Ours(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return _is_ours(record) or record.levelno >= logging.WARNING


def set_up(program: str, level: int = logging.INFO) -> None:
    """Write to standard error, one line per event, for this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain(f"%(asctime)s {program} %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(_Ours())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
