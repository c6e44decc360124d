"""What ipaddress says of texts: python3 test/cpython/record_ip.py > test/cpython/ip.json

Each case is [text, canonical form or null]. The canonical form is str() of the address, but IPv4-mapped addresses
are written with dots, as CPython 3.13 does and RFC 5952 recommends. Zone ids are no part of an address here.
"""

import ipaddress
import json
import random

random.seed(5952)

texts = """
0.0.0.0|1.2.3.4|255.255.255.255|192.0.2.1|10.0.0.1|127.0.0.1|01.2.3.4|1.02.3.4|1.2.3.04|00.0.0.0|0.0.0.00|256.1.1.1
1.1.1.256|1.2.3|1.2.3.|1.2.3.4.|1.2.3.4.5|.1.2.3.4|1..2.3|1.2.3.4 | 1.2.3.4|1.2.3.4/24|1.2.3.-4|1.2.3.+4|0x7f.0.0.1
0x7f000001|2130706433|127.1|1.2.3.4a|a.b.c.d|1,2,3,4|999999999999999999999.1.1.1|1.2.3.0000|1.2.3.1000|1.2.3.4:80
::|::1|1::|::1.2.3.4|::ffff:1.2.3.4|::FFFF:1.2.3.4|::ffff:102:304|::ffff:0:1.2.3.4|0:0:0:0:0:ffff:1.2.3.4|64:ff9b::192.0.2.33
::ffff:0.0.0.0|::ffff:255.255.255.255|::fffe:1.2.3.4|1:2:3:4:5:6:1.2.3.4|1:2:3:4:5:6:7:1.2.3.4|1:2:3:4:5:1.2.3.4|::1.2.3
::01.2.3.4|::1.2.3.256|::1.2.3.4:5|1.2.3.4::|::1.2.3.4.|::.1.2.3|::1a.2.3.4|1:2:3:4:5:6:7:8|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9
1:2:3:4:5:6:7::|::2:3:4:5:6:7:8|1::3:4:5:6:7:8|1:2:3:4::5:6:7:8|1:2:3:4:5:6:7:8::|::1:2:3:4:5:6:7:8|1::2::3|:::|:1|1:|:|1:::2
::1::|1:2|12345::|::12345|00001::|0001::|g::|::g|fe80::1%eth0|fe80::1%|::1/128|[::1]| ::1|::1 |0:0:0:0:0:0:0:0|0:0:0:0:0:0:0:1
1:0:0:0:0:0:0:0|1:0:0:2:0:0:0:3|1:0:0:0:2:0:0:3|1:0:0:2:3:0:0:4|1:0:2:0:3:0:4:0|0:1:0:1:0:1:0:1|2001:DB8::A|2001:0db8:0000:0000:0000:ff00:0042:8329
2001:db8:0:1:1:1:1:1|2001:0:0:1:0:0:0:1|ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255
0000:0000:0000:0000:0000:ffff:255.255.255.255|0000:0000:0000:0000:0000:0000:0000:00001|::ffff:1.2.3.4.5|::ffff:1.2.3.4%1
fe80::1::1.2.3.4|::-1|::+1|::0x1|::1_0|1_0.0.0.1|abcd|abcd:|a:b:c:d:e:f:0:1|A:B:C:D:E:F:0:1||-|.|..|...|localhost|1|0|%|::%25|0:0:0:0:0:0:0:0:0
""".strip("\n").replace("\n", "|").split("|")
texts += ["", "\u0661.2.3.4", "1.2.3.\uff14", "::\uff11", "\u0660::1", "1.2.3.4\n", "::1\n", "1.2.3.4\x00", "\t1.2.3.4", "1.2.3.4" * 1000, "1:" * 5000,
          ":" * 1000, "0" * 1000, "::" + "0" * 1000, "1.2.3.²", "①.2.3.4"]


def random_ipv6():
    groups = [random.choice(["0", "0", "0", "1", "ff", "abcd", "0DB8", "00a"]) for _ in range(random.choice([6, 7, 8, 8, 8, 8, 9]))]
    text = ":".join(groups)
    if random.random() < 0.5:
        start = random.randrange(len(groups))
        stop = min(len(groups), start + random.randrange(1, 6))
        text = ":".join(groups[:start]) + "::" + ":".join(groups[stop:])
    if random.random() < 0.2:
        text = text.rsplit(":", 2)[0] + ":" + random.choice(["1.2.3.4", "0.0.0.0", "1.2.3", "255.255.255.255"])
    return text


def mutated(text):
    characters = list(text)
    for _ in range(random.randrange(1, 3)):
        position = random.randrange(len(characters) + 1)
        change = random.random()
        if change < 0.4:
            characters.insert(position, random.choice("0123456789abcdefgABCDEF:.%[]/ -xX"))
        elif characters and change < 0.8:
            characters.pop(min(position, len(characters) - 1))
        elif characters:
            characters[min(position, len(characters) - 1)] = random.choice("019af:.")
    return "".join(characters)


for _ in range(300):
    texts.append(random_ipv6())
for _ in range(200):
    texts.append(".".join(str(random.choice([0, 1, 9, 10, 99, 100, 199, 255, 256, 260, 300, "00", "01"])) for _ in range(random.choice([3, 4, 4, 4, 4, 5]))))
texts += [mutated(text) for text in random.choices(texts, k=500) if len(text) < 100]


def canonical(text):
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.version == 6 and address.ipv4_mapped
    return f"::ffff:{mapped}" if mapped else str(address)


cases = [[text, canonical(text)] for text in dict.fromkeys(texts)]
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
