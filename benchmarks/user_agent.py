"""What reading a user agent costs one core: remembered, new, and the first ones of a process.

    python -m benchmarks.user_agent [AGENTS.jsonl]

AGENTS.jsonl holds {"user_agent", "client_hints"} a line; without it agents are made here, each a new text.
"""

import itertools
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from pipelines.enrich import agent_rules
from pipelines.enrich.user_agent import parse_many

MODELS = (
    "SM-G991B",
    "SM-A546B",
    "Pixel 8",
    "2201117TY",
    "M2101K6G",
    "CPH2399",
    "moto g54 5G",
    "ELE-L29",
    "SM-X710",
    "TB-X606F",
)
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.{build}.{patch}"
SHAPES = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + CHROME + " Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + CHROME + " Safari/537.36 Edg/{major}.0.{build}.{patch}",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + CHROME + " Safari/537.36",
    "Mozilla/5.0 (Linux; Android {android}; {model}) " + CHROME + " Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android {android}; {model} Build/UP1A.{build}; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/{major}.0.{build}.{patch} Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/{major}.0.0.{patch};]",
    "Mozilla/5.0 (Linux; Android {android}; SAMSUNG {model}) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/{android}.{patch} Chrome/{major}.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS {android}_{minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/{android}.{minor} Mobile/15E{patch} Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS {android}_{minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E{patch} Instagram {major}.0.0.{patch} (iPhone14,5; iOS {android}_{minor}; nl_NL; nl; scale=3.00)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{major}.0) Gecko/20100101 Firefox/{major}.{minor}",
    "Mozilla/5.0 (compatible; Googlebot/{minor}.{patch}; +http://www.google.com/bot.html)",
)  # fmt: skip
Rows = list[tuple[str | None, dict[str, str] | None]]


def made(count: int) -> Rows:
    """Agents that all differ, of ten shapes, a third of them with hints."""
    rows: Rows = []
    for number, shape in zip(range(count), itertools.cycle(SHAPES), strict=False):
        model = MODELS[number // 10 % len(MODELS)]
        hints = {"Sec-CH-UA-Platform": '"Android"', "Sec-CH-UA-Platform-Version": f'"{number % 17}.0.0"'}
        agent = shape.format(
            major=100 + number % 45, build=6000 + number, patch=number % 250, android=10 + number % 7,
            minor=number % 10, model=model,
        )  # fmt: skip
        rows.append((agent, hints if number % 3 == 0 and "Android" in agent else None))
    return rows


def read(path: str) -> Rows:
    lines: list[dict[str, Any]] = [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]
    return [(line["user_agent"], line["client_hints"]) for line in lines]


def cost(rows: Rows) -> float:
    """Microseconds of CPU a row."""
    agents, hints = [agent for agent, _ in rows], [hint for _, hint in rows]
    start = time.process_time()
    parse_many(agents, hints)
    return (time.process_time() - start) / len(rows) * 1e6


def main() -> None:
    before = _megabytes()
    start = time.process_time()
    agent_rules.rules()
    agent_rules.devices()
    agent_rules.crawler_words()
    print(f"reading the rules         {time.process_time() - start:8.2f} s, once a process")
    rows = read(sys.argv[1]) if len(sys.argv) > 1 else made(6000)
    print(f"first of their kind       {cost(rows):8.0f} us an agent, over {len(rows)}, compiling expressions")
    changed: Rows = [(f"{agent or ''} Build/{number}", hints) for number, (agent, hints) in enumerate(rows)]
    print(f"new, of kinds seen before {cost(changed):8.0f} us an agent, over {len(rows)}")
    again = rows[-4096:] * 20
    cost(again)
    print(f"remembered                {cost(again):8.2f} us an agent, over {len(again)}")
    print(f"memory of the process     {_megabytes():8.0f} MB, {before:.0f} before")


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
