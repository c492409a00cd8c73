# SPDX-License-Identifier: MPL-2.0
"""RFC 3339 times, exact to the last digit that was sent."""

import datetime
import re
import time
from fractions import Fraction

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH = datetime.datetime(1970, 1, 1)


def parse(text):
    """Seconds since 1970 as a fraction; ValueError where the text is no RFC 3339 time."""
    match = _FORM.fullmatch(text)
    if not match:
        raise ValueError("not an RFC 3339 time")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    leap = 1 if second == 60 else 0
    moment = datetime.datetime(year, month, day, hour, minute, second - leap)
    seconds = Fraction(int((moment - _EPOCH) / datetime.timedelta(seconds=1)) + leap)
    if match[7]:
        seconds += Fraction(int(match[7]), 10 ** len(match[7]))
    return seconds - _offset(match[8])


def _offset(text):
    if text in "Zz":
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    return (hours * 3600 + minutes * 60) * (-1 if text[0] == "-" else 1)


class Clock:
    """The server's clock, which may differ from the machine's."""

    def __init__(self, offset_seconds=0.0, utc_offset_minutes=120):
        self.offset_seconds = offset_seconds
        self.zone = datetime.timezone(datetime.timedelta(minutes=utc_offset_minutes))

    def now(self):
        return time.time() + self.offset_seconds

    def text(self, seconds=None):
        moment = datetime.datetime.fromtimestamp(self.now() if seconds is None else seconds, self.zone)
        return moment.isoformat(timespec="microseconds")
