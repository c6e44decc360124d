"""What uap-core says of user agents: python3 test/cpython/record_user_agents.py > test/cpython/user-agents.json

Needs `pip install ua-parser`. Each case is [agent, family, os family, is a spider]; "Other" stands for None. The agents
are written as those that logs have most of are: each browser on each system, with versions of several years, apps,
tools and crawlers.
"""

import json

from ua_parser import parse

KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
DESKTOPS = [
    "Windows NT 10.0; Win64; x64", "Windows NT 10.0", "Windows NT 6.1; Win64; x64", "Windows NT 6.1; WOW64", "Windows NT 6.3; Win64; x64", "Windows NT 5.1",
    "X11; Linux x86_64", "X11; Linux i686", "X11; Ubuntu; Linux x86_64", "X11; Fedora; Linux x86_64", "X11; FreeBSD amd64", "X11; OpenBSD amd64", "X11; CrOS x86_64 14541.0.0", "X11; CrOS aarch64 15633.44.0",
]
MACS = ["10_15_7", "10_14_6", "10_11_6", "11_7_10", "12_6", "13_5_1", "14_4"]
PHONES = ["Android 10; K", "Android 13; SM-S918B", "Android 14; Pixel 8", "Android 12; M2101K6G", "Android 9; CUBOT_X18_Plus", "Android 8.1.0; Moto G (5)", "Android 11; RMX2001", "Android 13; 22101316G Build/TP1A.220624.014", "Android 6.0.1; Nexus 5X Build/MMB29P"]
IPHONES = ["iPhone; CPU iPhone OS 17_1_2 like Mac OS X", "iPhone; CPU iPhone OS 16_6 like Mac OS X", "iPhone; CPU iPhone OS 12_5_7 like Mac OS X", "iPad; CPU OS 16_6 like Mac OS X", "iPad; CPU OS 15_8_3 like Mac OS X"]
CHROMES = ["120.0.0.0", "119.0.6045.199", "103.0.5060.134", "49.0.2623.112", "131.0.0.0"]

agents = []
for system in DESKTOPS:
    for version in CHROMES:
        base = f"Mozilla/5.0 ({system}) {KHTML} Chrome/{version} Safari/537.36"
        agents += [base, f"{base} Edg/{version}", f"{base} OPR/105.0.0.0"]
    base = f"Mozilla/5.0 ({system}) {KHTML}"
    agents += [
        f"{base} Chrome/116.0.5845.228 YaBrowser/23.9.0.2325 Yowser/2.5 Safari/537.36", f"{base} Chrome/120.0.0.0 Safari/537.36 Vivaldi/6.5.3206.39", f"{base} HeadlessChrome/120.0.6099.71 Safari/537.36",
        f"{base} SamsungBrowser/23.0 Chrome/115.0.0.0 Safari/537.36", f"{base} Chrome/108.0.5359.215 Electron/22.3.12 Safari/537.36", f"{base} Slack/4.35.131 Chrome/120.0.6099.56 Electron/28.0.0 Safari/537.36 Sonic Slack_SSB/4.35.131",
    ]
    for version in ["121.0", "115.0", "102.0", "78.0", "52.0"]:
        agents += [f"Mozilla/5.0 ({system}; rv:{version}) Gecko/20100101 Firefox/{version}"]
    agents += [f"Mozilla/5.0 ({system}; rv:102.0) Gecko/20100101 Thunderbird/102.5.0", f"Mozilla/5.0 ({system}; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.17"]
for system in MACS:
    mac = f"Macintosh; Intel Mac OS X {system}"
    agents += [f"Mozilla/5.0 ({mac}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version} Safari/605.1.15" for version in ["17.1", "16.6", "15.6.1", "13.1.2"]]
    agents += [f"Mozilla/5.0 ({mac}) {KHTML} Chrome/{version} Safari/537.36" for version in CHROMES]
    agents += [f"Mozilla/5.0 ({mac}) AppleWebKit/605.1.15 (KHTML, like Gecko)", f"Mozilla/5.0 (Macintosh; Intel Mac OS X {system.replace('_', '.')}; rv:121.0) Gecko/20100101 Firefox/121.0"]
for phone in PHONES:
    base = f"Mozilla/5.0 (Linux; {phone}) {KHTML}"
    for version in CHROMES:
        agents += [f"{base} Chrome/{version} Mobile Safari/537.36", f"{base} Chrome/{version} Safari/537.36", f"{base} Chrome/{version} Mobile Safari/537.36 EdgA/120.0.2210.84", f"{base} Chrome/{version} Mobile Safari/537.36 OPR/79.1.4195.76703"]
    agents += [
        f"{base} SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36", f"Mozilla/5.0 (Linux; {phone}; wv) {KHTML} Version/4.0 Chrome/120.0.6099.144 Mobile Safari/537.36",
        f"Mozilla/5.0 (Linux; {phone}; wv) {KHTML} Version/4.0 Chrome/120.0.6099.144 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/443.0.0.23.229;]", f"Mozilla/5.0 (Linux; {phone}; wv) {KHTML} Version/4.0 Chrome/119.0.6045.193 Mobile Safari/537.36 Instagram 312.1.0.34.111 Android",
        f"{base} Chrome/114.0.5735.130 YaBrowser/23.7.5.97.00 SA/3 Mobile Safari/537.36", f"Dalvik/2.1.0 (Linux; U; {phone})", f"{base} Chrome/41.0.2272.96 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ]
for number in ["13", "14", "10"]:
    agents += [f"Mozilla/5.0 (Android {number}; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0", f"Mozilla/5.0 (Android {number}; Tablet; rv:120.0) Gecko/120.0 Firefox/120.0"]
for phone in IPHONES:
    base = f"Mozilla/5.0 ({phone}) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    agents += [
        f"{base} Version/17.1 Mobile/15E148 Safari/604.1", f"{base} Version/16.6 Mobile/15E148 Safari/604.1", f"{base} CriOS/120.0.6099.50 Mobile/15E148 Safari/604.1", f"{base} FxiOS/120.0 Mobile/15E148 Safari/605.1.15", f"{base} EdgiOS/120.0.2210.116 Version/17.0 Mobile/15E148 Safari/604.1",
        f"{base} Mobile/15E148", f"{base} GSA/294.0.590048842 Mobile/15E148 Safari/604.1", f"{base} Mobile/15E148 [FBAN/FBIOS;FBAV/443.0.0.26.58;FBDV/iPhone12,1]", f"{base} Mobile/15E148 Instagram 312.0.0.28.119 (iPhone12,1; iOS 17_1_2)", f"{base} Version/17.1 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
    ]
for number in ["5.1", "6.0", "6.1", "6.2", "6.3", "10.0"]:
    agents += [f"Mozilla/5.0 (Windows NT {number}; WOW64; Trident/7.0; rv:11.0) like Gecko", f"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT {number}; Trident/4.0)", f"Mozilla/5.0 (compatible; MSIE 10.0; Windows NT {number}; Trident/6.0)"]
    agents += [f"Microsoft Office/16.0 (Windows NT {number}; Microsoft Outlook 16.0.12026; Pro)", f"Mozilla/5.0 (Windows NT; Windows NT {number}; en-US) WindowsPowerShell/5.1.19041.1682"]
agents += [f"{name}/{version}" for name, version in [
    ("curl", "7.88.1"), ("curl", "8.5.0"), ("curl", "7.29.0"), ("Wget", "1.21.4"), ("python-requests", "2.31.0"), ("python-requests", "2.25.1"), ("Python-urllib", "3.11"), ("Go-http-client", "1.1"), ("Go-http-client", "2.0"), ("okhttp", "4.12.0"), ("okhttp", "3.14.9"),
    ("axios", "1.6.2"), ("Java", "1.8.0_381"), ("Java", "17.0.9"), ("libwww-perl", "6.67"), ("PostmanRuntime", "7.36.0"), ("Microsoft-CryptoAPI", "10.0"), ("Boto3", "1.34.0 Python/3.11.6 Linux/5.10.0"), ("aws-cli", "2.15.0 Python/3.11.6 Linux/5.10.0"), ("Apache-HttpClient", "4.5.13 (Java/11.0.20)"),
    ("Windows-Update-Agent", "10.0.10011.16384 Client-Protocol/2.33"), ("Debian APT-HTTP", "1.3 (2.6.1)"), ("Python", "3.10 aiohttp/3.8.1"), ("masscan", "1.3 (https://github.com/robertdavidgraham/masscan)"), ("WhatsApp", "2.23.20.0 A"), ("Scrapy", "2.11.0 (+https://scrapy.org)"),
    ("facebookexternalhit", "1.1 (+http://www.facebook.com/externalhit_uatext.php)"), ("Twitterbot", "1.0"), ("LinkedInBot", "1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"), ("Slackbot-LinkExpanding", "1.0 (+https://api.slack.com/robots)"),
]]
agents += [f"Mozilla/5.0 (compatible; {crawler})" for crawler in [
    "Googlebot/2.1; +http://www.google.com/bot.html", "bingbot/2.0; +http://www.bing.com/bingbot.htm", "YandexBot/3.0; +http://yandex.com/bots", "AhrefsBot/7.0; +http://ahrefs.com/robot/", "SemrushBot/7~bl; +http://www.semrush.com/bot.html", "DotBot/1.2; +https://opensiteexplorer.org/dotbot",
    "MJ12bot/v1.4.8; http://mj12bot.com/", "Baiduspider/2.0; +http://www.baidu.com/search/spider.html", "PetalBot;+https://webmaster.petalsearch.com/site/petalbot", "Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp", "DuckDuckBot-Https/1.1; https://duckduckgo.com/duckduckbot", "CensysInspect/1.1; +https://about.censys.io/",
]]
agents += ["TelegramBot (like TwitterBot)", "AdsBot-Google (+http://www.google.com/adsbot.html)", "Microsoft BITS/7.8", "-", "Mozilla/5.0", "Mozilla/4.0", "gibberish", "chrome/99.0", "CHROME/99.0"]

cases = []
for agent in dict.fromkeys(agents):
    result = parse(agent)
    family = result.user_agent.family if result.user_agent else "Other"
    system = result.os.family if result.os else "Other"
    cases.append([agent, family, system, result.device is not None and result.device.family == "Spider"])
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
