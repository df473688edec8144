"""What leaves the callback through rings: reports for the host, dry and wet rows for the recorder. Audio thread."""

from numba import carray

from realtime.base.intrinsics import as_pointer, floats, integers
from realtime.base.ring import CAPACITY, HEADER_SIZE, REFUSED, WRITTEN, ring_publish, ring_space
from realtime.base.safety import realtime
from realtime.engine.messages import MESSAGE
from realtime.engine.state import ENGINE


@realtime("boolean(int64, int64, int64, float64)")
def report(engine: int, kind: int, address: int, value: float) -> bool:
    """Send a report to the host and return True; a full ring counts it as refused. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    header = integers(e.report_header, HEADER_SIZE)
    if ring_space(header) == 0:
        header[REFUSED] += 1
        return False
    rows = carray(as_pointer(e.report_rows), (header[CAPACITY],), MESSAGE)
    row = rows[header[WRITTEN] % header[CAPACITY]]
    row.kind, row.address, row.value = kind, address, value
    ring_publish(header, 1)
    return True


@realtime("void(int64, int64)")
def record(engine: int, n: int) -> None:
    """Hand aligned (dry, wet) rows to the recorder; what finds no room is counted, never waited for. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    if e.recording == 0:
        return
    header = integers(e.wave_header, HEADER_SIZE)
    room = min(n, ring_space(header))
    rows = floats(e.wave_rows, 2 * header[CAPACITY])
    dry, wet = floats(e.dry, n), floats(e.wet, n)
    for i in range(room):
        place = (header[WRITTEN] + i) % header[CAPACITY]
        rows[2 * place], rows[2 * place + 1] = dry[i], wet[i]
    header[REFUSED] += n - room
    ring_publish(header, room)
