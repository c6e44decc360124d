"""Asks CPython about times, and writes its answers to time.json beside this file. Run it with Python 3.11.

strptime: what datetime.strptime makes of texts, printed as parse_timestamp prints it; null if it raises ValueError.
Two answers are ours, not CPython's, as the rule language has settled them: `%Z` is a zone, and day 366 of a common
year is an error. Digits are ASCII here, because other digits are not accepted by us.
"""

import json
import os
import random
import re
import string
import time
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

os.environ["TZ"] = "UTC"
time.tzset()

import _strptime  # noqa: E402  (after the time zone is set: it looks at it when it is loaded)

RANDOM = random.Random(20240317)


def printed(moment, zone_of_name=False):
    text = moment.replace(microsecond=0, tzinfo=None).isoformat()
    if moment.microsecond:
        text += f".{moment.microsecond:06}" if moment.microsecond % 1000 else f".{moment.microsecond // 1000:03}"
    offset = moment.utcoffset()
    if offset is None:
        return text + ("Z" if zone_of_name else "")
    if not offset:
        return text + "Z"
    sign, size = ("-", -offset) if offset < timedelta(0) else ("+", offset)
    seconds, micros = size // timedelta(seconds=1), size.microseconds
    text += f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}"
    if seconds % 60 or micros:
        text += f":{seconds % 60:02}"
    if micros:
        text += f".{micros:06}"
    return text


def directives(format):
    return re.findall(r"%(.)", format)


def parsed(text, format):
    try:
        moment = datetime.strptime(text, format)
    except ValueError:
        return None
    letters = directives(format)
    if "j" in letters and (moment.month, moment.day) == (1, 1):
        groups = _strptime._TimeRE_cache.compile(format).match(text).groupdict()
        if groups["j"] == "366":
            return None
    return printed(moment, "Z" in letters)


# --- strptime ------------------------------------------------------------------------------------------------

FORMATS = """\
%Y-%m-%d %H:%M:%S
%Y-%m-%dT%H:%M:%S
%Y-%m-%dT%H:%M:%S.%f
%Y-%m-%dT%H:%M:%S.%fZ
%Y-%m-%dT%H:%M:%S%z
%Y-%m-%dT%H:%M:%S.%f%z
%Y-%m-%d %H:%M:%S,%f
%Y/%m/%d
%Y.%m.%d
%Y%m%d
%Y%m%d%H%M%S
%Y%m%dT%H%M%S%z
%y%m%d%H%M%S
%y-%m-%d
%d%m%Y
%d%m%y
%m%d%Y
%d.%m.%Y %H:%M
%m/%d/%Y %I:%M:%S %p
%m/%d/%y %I:%M%p
%I:%M %p
%I%p
%I %H
%H %I %p
%H:%M:%S
%H%M%S
%H%M
%M:%S.%f
%S
%f
%p
%d/%b/%Y:%H:%M:%S %z
%b %d %H:%M:%S
%b %d %Y %H:%M:%S
%b %d, %Y
%B %d, %Y
%d %B %Y
%d-%b-%y
%d%b%Y
%a %b %d %H:%M:%S %Y
%a, %d %b %Y %H:%M:%S %z
%a, %d %b %Y %H:%M:%S %Z
%A, %B %d, %Y
%A%B%d
%a%d%b
%a
%A
%b
%B
%c
%x
%X
%x %X
%x %X%p
%j
%Y %j
%Y%j
%j%Y
%y%j
%d%j
%H%j
%m%d
%m-%d
%d-%m
%m%w
%Y %U %w
%Y %U %a
%Y %W %w
%Y %W %u
%Y-W%W-%u
%Y %U
%Y %U %W %w
%Y %W %U %w
%y %U %A
%U %w
%W %w
%G-W%V-%u
%G %V %w
%G %V %a
%G %V %A %H:%M
%G%V%u
%G %V %u %U
%Y %U %V %w
%Y %U %w %m %d
%Y %m %d %j
%m %d %j
%Y-%m-%d %a
%w %Y-%m-%d
%u %Y
%Y %y
%y %Y
%m %b
%b %m
%B %b %m
%z
%Z
%z %Z
%Z %z
%H%z
%H %z
%S%z
%f%z
%z%f
%z%H
%Z%z
%H:%M %Z
%Y%z%d
%%%Y%%
100%% %Y
%Y%%%m
[%Y]
(%Y|%m)
^%Y$
%Y.%m
%Y*%m+
%Y?
{%Y}
\\%Y\\d
at %H h %M min
Time: %H
Day %d of %B
stardate %Y
kELvin %H
İi %H
ß%H
é %d
日%d月
σ%Sς
%d\t%m
%d \t\n %m
 %d
%d 
%d  %m  %Y
%H %d
%H%d
%Y\x1c%m
%Y\xa0%m
T%HT
""".split("\n")[:-1]

BLANKS = [" ", "  ", "\t", "\n", " \t\r\n", "\x0b", "\x1c", "\x1f", "\x85", "\xa0", "\u2003", "\u3000", "\ufeff", "\u200b", ""]

VALUES = {
    "Y": ["2024", "1999", "0001", "9999", "0000", "1900", "2100", "2000", "999", "20240"],
    "y": ["24", "68", "69", "00", "99", "7"],
    "G": ["2024", "2020", "0001", "9999", "0000", "2015"],
    "m": ["01", "1", "12", "10", "9", "00", "13", "2", "02"],
    "d": ["01", "1", " 1", "31", "30", "29", "28", "00", "32", "9", "09", " 9", "  9"],
    "H": ["00", "0", "9", "09", "23", "24", "19", "3"],
    "I": ["01", "1", "12", "11", "00", "0", "13"],
    "M": ["00", "0", "59", "5", "60", "30"],
    "S": ["00", "0", "59", "60", "61", "62", "7"],
    "f": ["0", "1", "12", "123", "1234", "12345", "123456", "1234567", "000001", "500000", "5", ""],
    "p": ["AM", "PM", "am", "pm", "aM", "a", "P.M."],
    "a": ["Mon", "sun", "FRI", "Tue", "wEd", "Thu", "Sat", "Mo", "Monday"],
    "A": ["Monday", "sunday", "FRIDAY", "Tuesday", "Wednesday", "Thursday", "Saturday", "Mon"],
    "b": ["Jan", "feb", "DEC", "May", "Sep", "jun", "Feb", "Sept", "ma"],
    "B": ["January", "february", "DECEMBER", "May", "September", "June", "Jan"],
    "w": ["0", "1", "6", "7", "3"],
    "u": ["1", "7", "0", "8", "4"],
    "j": ["001", "1", "01", "366", "365", "000", "060", "60", "367", "99", "100", "0"],
    "U": ["00", "0", "1", "01", "52", "53", "54", "9"],
    "W": ["00", "0", "1", "01", "52", "53", "54", "9"],
    "V": ["00", "0", "1", "01", "52", "53", "54", "9"],
    "z": [
        "Z", "z", "+0000", "-0000", "+00:00", "+03:00", "-0330", "+0530", "+23:59", "+24:00", "-99:00", "+03", "+3",
        "+03:60", "+02:30:17", "+023017", "+02:3017", "+0230:17", "+02:30:17.5", "+023017.123456", "+02:30:17.1234567",
        "-23:59:59.999999", "+00:00:00.000001", "-00:00:30", "+02:30:", "+02:30:17.", "03:00", "+0 300", "UTC",
    ],
    "Z": ["UTC", "GMT", "utc", "gMt", "EST", "MSK", "Z", "", "UTC+3"],
    "c": ["Sun Mar 17 22:15:30 2024", "sun mar  7 2:1:3 2024", "Mar 17 22:15:30 2024"],
    "x": ["03/17/24", "3/7/69", "13/01/24"],
    "X": ["22:15:30", "2:1:3", "24:00:00"],
    "%": ["%", "%%", ""],
}


def filled(format):
    """A text that is likely to fit, or nearly so."""
    text = ""
    at = 0
    while at < len(format):
        character = format[at]
        if character == "%":
            values = VALUES[format[at + 1]]
            text += RANDOM.choice(values[: 3 + RANDOM.randrange(len(values))])
            at += 2
        elif character.isspace():
            text += RANDOM.choice(BLANKS[:1] * 6 + BLANKS)
            at += 1
        else:
            text += RANDOM.choice([character, character, character, character.upper(), character.lower()])
            at += 1
    return text


def spoiled(text):
    at = RANDOM.randrange(len(text) + 1)
    kind = RANDOM.randrange(6)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + RANDOM.choice("0123456789 :-+.ZTam") + text[at:]
    if kind == 2:
        return text[:at] + RANDOM.choice("0123456789 :-+.ZTam\u0131\u017f\u212a") + text[at + 1 :]
    if kind == 3:
        return text + RANDOM.choice(["0", " ", "Z", "\n", "x"])
    if kind == 4:
        return text.swapcase()
    return " " + text


MOMENTS = [
    datetime(2024, 2, 29, 0, 0, 0),
    datetime(2024, 3, 17, 22, 15, 30, 123456, timezone(timedelta(hours=3))),
    datetime(1999, 12, 31, 23, 59, 59, 999999, timezone.utc),
    datetime(1, 1, 1, 1, 2, 3, 4, timezone(timedelta(hours=-5, minutes=-30))),
    datetime(9999, 12, 31, 12, 0, 0, 500000, timezone.utc),
    datetime(2020, 11, 1, 11, 1, 1, 100000, timezone(timedelta(hours=2, minutes=30, seconds=17))),
]


def texts_for(format, count):
    texts = [moment.strftime(format) for moment in MOMENTS]
    texts += [filled(format) for _ in range(count)]
    texts += [spoiled(text) for text in texts[:count]]
    return list(dict.fromkeys(texts))


def random_formats(count):
    letters = "YymdHIMSfpaAbBwujUWzZ"
    made = []
    while len(made) < count:
        chosen = RANDOM.sample(letters, RANDOM.randrange(1, 6))
        format = "".join(f"%{letter}" + RANDOM.choice(["", "", "", " ", "-", ":", "/", "T"]) for letter in chosen)
        made.append(format)
    return made


def strptime_cases():
    cases = {}
    for format in FORMATS:
        cases[format] = [[text, parsed(text, format)] for text in texts_for(format, 24)]
    for format in random_formats(250):
        cases[format] = [[text, parsed(text, format)] for text in texts_for(format, 6)]
    # Digits without separators: where one number ends and the next begins.
    for format in ["%d%m%Y", "%m%d%Y", "%d%m%y", "%H%M%S", "%m%d", "%d%H", "%j%d", "%d%j", "%m%j", "%V%G%u", "%y%m%d", "%I%M"]:
        texts = ["".join(RANDOM.choices("0123456789", [4, 5, 4, 2, 1, 1, 1, 1, 1, 2], k=RANDOM.randrange(2, 9))) for _ in range(120)]
        texts += ["1112024", "111", "1131", "3112", "11", "12345", "01012024"]
        cases[format] = cases.get(format, []) + [[text, parsed(text, format)] for text in dict.fromkeys(texts)]
    # Every week number and weekday around the turn of the year.
    for year in ["1", "2", "1900", "2000", "2009", "2015", "2020", "2021", "2024", "9999"]:
        year = year.rjust(4, "0")
        for format in ["%Y %U %w", "%Y %W %w", "%G %V %u"]:
            weeks = ["0", "00", "01", "1", "2", "51", "52", "53"]
            texts = [f"{year} {week} {day}" for week in weeks for day in range(8)]
            cases[format] = cases.get(format, []) + [[text, parsed(text, format)] for text in texts]
    for format in ["%Y %j", "%j"]:
        texts = [f"{year} {day}" if "Y" in format else str(day) for year in (1900, 1999, 2000, 2024) for day in range(0, 368, 5)]
        texts += [f"{year} {day}" for year in (1900, 2000, 2023, 2024, 9999) for day in (59, 60, 61, 365, 366)]
        cases[format] = cases.get(format, []) + [[text, parsed(text, format)] for text in texts]
    for format in ["%Y-%m-%d"]:
        texts = [f"{year}-{month:02}-{day:02}" for year in (1900, 2000, 2023, 2024) for month in range(14) for day in (0, 1, 28, 29, 30, 31, 32)]
        cases[format] = [[text, parsed(text, format)] for text in texts]
    cases["%y"] = [[f"{year:02}", parsed(f"{year:02}", "%y")] for year in range(100)]
    return cases


def unknown_directives():
    unknown = []
    for letter in string.printable:
        try:
            _strptime._TimeRE_cache.compile(f"%Y%{letter}" if letter not in "YcG" else f"%{letter}")
        except (KeyError, IndexError):
            unknown.append(letter)
    return unknown


# --- epochs --------------------------------------------------------------------------------------------------


def to_epoch_cases():
    cases = []
    dates = ["1970-01-01T00:00:00", "1969-12-31T23:59:59", "2024-03-17T22:15:30", "0001-01-01T00:00:00", "9999-12-31T23:59:59",
             "2001-09-09T01:46:40", "1582-10-15T12:00:00", "2262-04-11T23:47:16", "1901-12-13T20:45:52"]
    fractions = ["", "0", "5", "25", "1", "123", "999", "123456", "999999", "000001", "1234567", "123456789", "999999999", "000000001",
                 "1234567890123456789", "9999999999999999999", "0000000000000000000000001", "5" + "0" * 60, "4" + "9" * 60,
                 "00000011920928955078125", "000000119209289550781250000001", "000000119209289550781249999999"]
    for date in dates:
        base = (datetime.fromisoformat(date) - datetime(1970, 1, 1)) // timedelta(seconds=1)
        for fraction in fractions + ["".join(RANDOM.choices("0123456789", k=RANDOM.randrange(1, 30))) for _ in range(20)]:
            for offset, shift in [("Z", 0), ("+03:00", 10800), ("-05:30", -19800), ("+02:30:17.5", Fraction(18035, 2))]:
                exact = base - Fraction(shift) + (Fraction(int(fraction), 10 ** len(fraction)) if fraction else 0)
                cases.append([f"{date}{'.' + fraction if fraction else ''}{offset}", float(exact)])
    return cases


def from_epoch_cases():
    numbers = [0, -0.0, 1, -1, 1.5, -1.5, 0.5, 0.0005, 1e-6, 5e-7, 1.5e-6, 2.5e-6, -5e-7, -1e-6, -1.5e-6, 4.9e-7, 5.1e-7, 0.9999995,
               0.99999949, 0.9999996, -0.9999995, -0.9999999, 1710713730, 1710713730.123, 1710713730.123456, 1710713730.1234567,
               1710713730.9999999, 2**31, -(2**31), 2**53, -62135596800, -62135596800.5, -62135596801, 253402300799,
               253402300799.5, 253402300799.9999, 253402300799.99999999, 253402300800, 1e11, 1e12, 1e300, -1e300, 5e-324]
    numbers += [RANDOM.uniform(-62135596800, 253402300800) for _ in range(200)]
    numbers += [round(RANDOM.uniform(0, 2e9), RANDOM.randrange(8)) for _ in range(200)]
    numbers += [RANDOM.randrange(10**6) / 2**RANDOM.randrange(30) for _ in range(200)]
    cases = []
    for number in numbers:
        try:
            result = printed(datetime.fromtimestamp(number, timezone.utc))
        except (ValueError, OverflowError, OSError):
            result = None
        cases.append([number, result])
    return cases


# --- zones ---------------------------------------------------------------------------------------------------

ZONES = ["Europe/Moscow", "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Sao_Paulo",
         "Asia/Kolkata", "Asia/Tehran", "Asia/Tokyo", "Asia/Gaza", "Africa/Casablanca", "Australia/Lord_Howe",
         "Pacific/Apia", "Pacific/Chatham", "Antarctica/Troll", "UTC", "Etc/GMT+5"]


def zone_cases():
    cases = []
    for name in ZONES:
        zone = ZoneInfo(name)
        moments = [datetime(2024, month, 15, 12) for month in range(1, 13)]
        # Every quarter of an hour around each change of the offset, 2000 to 2024.
        day = datetime(2000, 1, 1)
        while day < datetime(2025, 1, 1):
            following = day + timedelta(days=1)
            if day.replace(tzinfo=zone).utcoffset() != following.replace(tzinfo=zone).utcoffset() and RANDOM.random() < 0.04:
                moments += [day + timedelta(minutes=15 * quarter - 60, seconds=second) for quarter in range(0, 105) for second in (0, 59)]
            day = following
        moments += [datetime(RANDOM.randrange(1950, 2024), RANDOM.randrange(1, 13), RANDOM.randrange(1, 29), RANDOM.randrange(24)) for _ in range(40)]
        moments += [datetime(1, 1, 1), datetime(1850, 6, 1), datetime(1890, 6, 1)]
        for moment in moments:
            cases.append([name, moment.isoformat(), printed(moment.replace(tzinfo=zone))])
    return cases


answers = {
    "strptime": strptime_cases(),
    "unknownDirectives": unknown_directives(),
    "toEpoch": to_epoch_cases(),
    "fromEpoch": from_epoch_cases(),
    "zones": zone_cases(),
}
target = Path(__file__).with_name("time.json")
target.write_text(json.dumps(answers, ensure_ascii=True, separators=(",", ":")).replace("]],", "]],\n") + "\n")
print({topic: len(cases) for topic, cases in answers.items()}, sum(len(cases) for cases in answers["strptime"].values()))
