"""The kinds of failure and their codes, the same words on both sides of the wire.

Sentences for the codes live in ui/wording.py only.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why something was not done. Stable: it is stored, sent and translated."""

    # sign-in and access
    WRONG_CREDENTIALS = "wrong-credentials"
    TOO_MANY_TRIES = "too-many-tries"
    TOKEN_EXPIRED = "token-expired"
    TOKEN_INVALID = "token-invalid"
    SETUP_CODE_WRONG = "setup-code-wrong"
    NOT_ALLOWED = "not-allowed"
    ROLE_DOES_NOT_FIT = "role-does-not-fit"
    DEVICE_UNKNOWN = "device-unknown"
    DEVICE_REVOKED = "device-revoked"
    LEASE_ENDED = "lease-ended"
    # the wire
    SERVER_UNREACHABLE = "server-unreachable"
    SERVER_UNTRUSTED = "server-untrusted"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_OF_ANOTHER = "certificate-of-another"
    PLAIN_HTTP_REFUSED = "plain-http-refused"
    ADDRESS_INVALID = "address-invalid"
    CA_UNREADABLE = "ca-unreadable"
    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    SERVER_ERROR = "server-error"
    NOT_FOUND = "not-found"
    # records
    CONFLICT = "conflict"
    CURSOR_REFUSED = "cursor-refused"
    SCOPE_CHANGED = "scope-changed"
    OUT_OF_SCOPE = "out-of-scope"
    UNKNOWN_RECORD_TYPE = "unknown-record-type"
    SCHEMA_TOO_NEW = "schema-too-new"
    OP_REUSED = "op-reused"
    ALREADY_SIGNED = "already-signed"
    STATE_MOVE_NOT_ALLOWED = "state-move-not-allowed"
    WRONG_PATIENT = "wrong-patient"
    HASH_MISMATCH = "hash-mismatch"
    OFFSET_WRONG = "offset-wrong"
    PART_DAMAGED = "part-damaged"
    SERVER_FULL = "server-full"
    FILE_ERASED = "file-erased"
    FILE_KIND_UNKNOWN = "file-kind-unknown"
    FILE_TOO_LARGE = "file-too-large"
    FILE_UNREADABLE = "file-unreadable"
    FILE_NOT_SAVED = "file-not-saved"
    # readings
    NOT_A_NUMBER = "not-a-number"
    OUT_OF_RANGE = "out-of-range"
    SYSTOLIC_NOT_ABOVE_DIASTOLIC = "systolic-not-above-diastolic"
    MEAN_NOT_BETWEEN = "mean-not-between"
    PULSE_PRESSURE_TOO_SMALL = "pulse-pressure-too-small"
    INCOMPLETE = "incomplete"
    UNEXPECTED_QUANTITY = "unexpected-quantity"
    TOLD_TWICE = "told-twice"
    KNOWN_BEFORE = "known-before"
    SPO2_DOUBTFUL = "spo2-doubtful"
    TRAY_FULL = "tray-full"
    MEASURED_FOR_ANOTHER_VISIT = "measured-for-another-visit"
    NOBODY_ASKED = "nobody-asked"
    FROM_MEMORY = "from-memory"
    CAME_LATE = "came-late"
    RESULT_UNDECIDED = "result-undecided"
    SERIES_RUNNING = "series-running"
    OBSERVATION_INCOMPLETE = "observation-incomplete"
    NOTHING_TO_KEEP = "nothing-to-keep"
    TIMES_NOT_CONFIRMED = "times-not-confirmed"
    NO_VISIT_OPEN = "no-visit-open"
    # devices
    DEVICE_MISSING = "device-missing"
    DEVICE_PULLED = "device-pulled"
    DEVICE_BUSY = "device-busy"
    DEVICE_SILENT = "device-silent"
    DEVICE_REFUSED = "device-refused"
    DEVICE_UNUSABLE = "device-unusable"
    DRIVER_UNKNOWN = "driver-unknown"
    DEVICE_NAMED_TWICE = "device-named-twice"
    PORT_TAKEN = "port-taken"
    BINDINGS_UNREADABLE = "bindings-unreadable"
    BINDINGS_NOT_KEPT = "bindings-not-kept"
    DEFAULT_INPUT_REFUSED = "default-input-refused"
    ANOTHER_DEVICE = "another-device"
    DEVICE_UNREADABLE = "device-unreadable"
    NO_RESULT_CAME = "no-result-came"
    MEMORY_READ = "memory-read"
    MEMORY_EMPTY = "memory-empty"
    OVERRUN = "overrun"
    NO_SOUND_DEVICE = "no-sound-device"
    # the cuff says why there is no number
    CUFF_WEAK_SIGNAL = "cuff-weak-signal"
    CUFF_ARTEFACT = "cuff-artefact"
    CUFF_OUT_OF_RANGE = "cuff-out-of-range"
    CUFF_TIME_LIMIT = "cuff-time-limit"
    CUFF_BLOCKED = "cuff-blocked"
    CUFF_STOPPED = "cuff-stopped"
    CUFF_LEAK = "cuff-leak"
    CUFF_SAFETY = "cuff-safety"
    CUFF_OVERPRESSURE = "cuff-overpressure"
    CUFF_HARDWARE = "cuff-hardware"
    CUFF_ERROR = "cuff-error"
    # oximeter, thermometer and scale say why there is no number
    NO_FINGER = "no-finger"
    PULSE_NOT_FOUND = "pulse-not-found"
    MEASURING_STOPPED = "measuring-stopped"
    THERMOMETER_ERROR = "thermometer-error"
    SCALE_OVERLOAD = "scale-overload"
    # the exam camera and its stills
    CAMERA_STUCK = "camera-stuck"
    EXAM_CAMERA_OFF = "exam-camera-off"
    CAMERA_CONTROL_REFUSED = "camera-control-refused"
    CAMERA_CONTROL_IDLE = "camera-control-idle"
    CAMERA_CONTROL_TAKEN_BACK = "camera-control-taken-back"
    CAMERA_CONTROL_NOT_HELD = "camera-control-not-held"
    CAMERA_CANNOT_MOVE = "camera-cannot-move"
    DRAWING_DOES_NOT_FIT = "drawing-does-not-fit"
    SCALE_UNUSABLE = "scale-unusable"
    STILL_NOT_HERE = "still-not-here"
    EXPORT_FAILED = "export-failed"
    # the store
    STORE_IN_USE = "store-in-use"
    STORE_WRONG_KEY = "store-wrong-key"
    STORE_DAMAGED = "store-damaged"
    STORE_NETWORK_DRIVE = "store-network-drive"
    STORE_TOO_NEW = "store-too-new"
    STORE_RESTS = "store-rests"
    STORE_FULL = "store-full"
    DISK_FAULT = "disk-fault"
    PROFILE_UNUSABLE = "profile-unusable"
    KEYRING_MISSING = "keyring-missing"
    KEYRING_LOCKED = "keyring-locked"
    TPM_MISSING = "tpm-missing"
    PIN_NEEDED = "pin-needed"
    PIN_WRONG = "pin-wrong"
    PIN_USED_UP = "pin-used-up"
    PIN_TOO_SHORT = "pin-too-short"
    # the call
    PEER_AWAY = "peer-away"
    PEER_UNTRUSTED = "peer-untrusted"
    SEAT_TAKEN = "seat-taken"
    MEDIA_LOST = "media-lost"
    MEDIA_PROCESS_ENDED = "media-process-ended"
    FENCED = "fenced"
    FAR_UNREADABLE = "far-unreadable"
    CALL_RUNNING = "call-running"
    CALL_NOT_OPEN = "call-not-open"
    # the audit
    AUDIT_MISMATCH = "audit-mismatch"
    AUDIT_GAP = "audit-gap"


class Failure(Exception):
    """What may go wrong and is foreseen. The text never carries patient data."""

    def __init__(self, code: Code, what: str = "") -> None:
        super().__init__(f"{code}: {what}" if what else str(code))
        self.code = code
        self.what = what


class Rejected(Failure):
    """A rule said no; the user acts."""


class Unavailable(Failure):
    """A device, network, server or key is not there; its owner tries again with growing pauses."""


class Untrusted(Failure):
    """A signature, digest, key or frame is not what it must be: stop, audit, tell the user."""


class Conflict(Rejected):
    """The record moved on: the base version of the change is not current."""

    def __init__(self, what: str = "") -> None:
        super().__init__(Code.CONFLICT, what)
