"""The metrics: each a small definition over the views of the warehouse, and nothing that groups by a person.

A metric is the mean of `points` over the rows that count (`counted`); a count is the number of those rows. So one query
of plain averages gives any set of them, and n is always what the mean is of. A score's direction is taken from its
scale, whose best end may be the lower one: `away` is the distance of a score from the best end, `width` the distance
between the ends. Answers on a scale that a metric is not defined for are not in its n.

Responses that the source flags as misuse, bot, test or excluded, and those of bots, are left out by the report unless
it is told otherwise. A decline has no answers, so it is in no score's n.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

WIDTH: Final = "(scale_max - scale_min)"
AWAY: Final = "abs(score - scale_best)"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is counted over which view, and the points a counted row gives; without points it is a count.

    `counted` and `points` are SQL over columns of the view; `lowest` and `highest` bound the mean. `of` says what n is.
    """

    name: str
    title: str
    view: Literal["answers", "responses"]
    counted: str
    of: str
    formula: str
    points: str | None = None
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""
    decimals: int = 1


def _scored(metric: str, widths: str) -> str:
    return f"(metric = '{metric}' AND isNotNull(score) AND {WIDTH} IN ({widths}))"


NPS: Final = Metric(
    name="nps",
    title="NPS",
    view="answers",
    counted=_scored("nps", "10"),
    of="answers on a scale of 0 to 10",
    formula="100 · (n[9–10] − n[0–6]) / n",
    points=f"multiIf({AWAY} <= 1, 100, {AWAY} >= 4, -100, 0)",
    lowest=-100,
    highest=100,
)
"""Net Promoter Score: Reichheld, 'The One Number You Need to Grow', Harvard Business Review, December 2003."""

_CES_COUNTED = _scored("ces", "6")
_CES_OF = "answers on a scale of 7, where 7 is easy"

CES_MEAN: Final = Metric(
    name="ces_mean",
    title="CES mean",
    view="answers",
    counted=_CES_COUNTED,
    of=_CES_OF,
    formula="mean of 1–7",
    points=f"7 - {AWAY}",
    lowest=1,
    highest=7,
    decimals=2,
)
"""Customer Effort Score 2.0 as a mean: CEB (now Gartner), 2013."""

CES_NET: Final = Metric(
    name="ces_net",
    title="CES net",
    view="answers",
    counted=_CES_COUNTED,
    of=_CES_OF,
    formula="%[6–7] − %[1–3]",
    points=f"multiIf({AWAY} <= 1, 100, {AWAY} >= 4, -100, 0)",
    lowest=-100,
    highest=100,
)
"""Customer Effort Score 2.0, easy less difficult, as InMoment/Wootric counts it."""

CES_TOP3: Final = Metric(
    name="ces_top3",
    title="CES top 3",
    view="answers",
    counted=_CES_COUNTED,
    of=_CES_OF,
    formula="%[5–7]",
    points=f"if({AWAY} <= 2, 100, 0)",
    lowest=0,
    highest=100,
    unit="%",
)
"""Customer Effort Score 2.0 as the share that at least somewhat agrees that it was easy: CEB (now Gartner), 2013."""

CSAT: Final = Metric(
    name="csat",
    title="CSAT",
    view="answers",
    counted=_scored("csat", "2, 3, 4, 5, 6, 9"),
    of="answers on a scale of 3 to 7, or of 10",
    formula="100 · satisfied / n; satisfied are the best of 3, the best two of 4 to 7, the best three of 10",
    points=f"if({AWAY} <= multiIf({WIDTH} = 2, 0, {WIDTH} = 9, 2, 1), 100, 0)",
    lowest=0,
    highest=100,
    unit="%",
)
"""Customer satisfaction as the share of the top boxes of the scale that was shown."""

NET_SATISFACTION: Final = Metric(
    name="net_satisfaction",
    title="Net satisfaction",
    view="answers",
    counted="(metric = 'smiley' AND isNotNull(score))",
    of="smileys",
    formula="Σ (good +1, average 0, poor −1) / n; four smileys stand at +1, +⅓, −⅓, −1, and so on",
    points=f"1 - 2 * {AWAY} / {WIDTH}",
    lowest=-1,
    highest=1,
    decimals=2,
)
"""Net satisfaction as GovMetric counts its three smileys, put evenly on other numbers of them."""

_TOLD = "(source IN told)"
_TOLD_OF = "invitations of sources that tell of declines or of invitations that expired"

RESPONSE_RATE: Final = Metric(
    name="response_rate",
    title="Response rate",
    view="responses",
    counted=_TOLD,
    of=_TOLD_OF,
    formula="100 · answered, wholly or in part / (answered + declined + expired)",
    points="if(outcome IN ('answered', 'partial'), 100, 0)",
    lowest=0,
    highest=100,
    unit="%",
)
"""A source that never tells of a decline would have a rate of 100 % and mean nothing, so it is not counted."""

DECLINE_RATE: Final = Metric(
    name="decline_rate",
    title="Decline rate",
    view="responses",
    counted=_TOLD,
    of=_TOLD_OF,
    formula="100 · declined / (answered + declined + expired)",
    points="if(outcome = 'declined', 100, 0)",
    lowest=0,
    highest=100,
    unit="%",
)
"""Who said no when asked, of the same invitations as the response rate."""

RESPONSES: Final = Metric(
    name="responses",
    title="Responses",
    view="responses",
    counted="(outcome IN ('answered', 'partial'))",
    of="responses",
    formula="answered, wholly or in part",
    decimals=0,
)
"""How many people answered something."""

COMMENTS: Final = Metric(
    name="comments",
    title="Comments",
    view="responses",
    counted="arrayExists(text -> text != '', `answers.text`)",
    of="responses",
    formula="responses with words of the citizen's own",
    decimals=0,
)
"""How many people wrote something."""

DECLINES: Final = Metric(
    name="declines",
    title="Declines",
    view="responses",
    counted="(outcome = 'declined')",
    of="responses",
    formula="declined",
    decimals=0,
)
"""How many people said no when asked."""

METRICS: Final = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            RESPONSES,
            COMMENTS,
            NPS,
            CES_MEAN,
            CES_NET,
            CES_TOP3,
            CSAT,
            NET_SATISFACTION,
            DECLINES,
            RESPONSE_RATE,
            DECLINE_RATE,
        )
    }
)
"""All of them by name, in the order a report shows them."""

USUAL: Final = tuple(name for name in METRICS if name not in ("ces_net", "ces_top3", "declines"))
"""Those that a table for people shows: one variant of CES, and no count beside its rate."""
