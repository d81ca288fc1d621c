"""Open Formulieren: the links at the end of a form, and those where it is broken off, as landing links of our own.

It knows them as its analytics tool GovMetric (https://open-forms.readthedocs.io, "Analytics"). In its admin, under
analytics, the town fills in a source id (digits, of its own choice) and a GUID for forms that are finished, and others
for forms that are aborted, each language its own, and gives the same here in `links`. A form then links to
`/theme/kf/{sourceId}?Q_Formid={slug of the form}&GUID={guid}`, with `Q_RATINGID` once a smiley is clicked, so that the
form, how it ended and the language stand with the answer. The GUID is optional there, and so it is here.

The host is a constant of its SDK (`GOVMETRIC_URL`): an SDK built with another one, or a proxy of the town, leads the
links here. Its other tool with a survey, Expoints, is a script of that provider and links nowhere.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from connectors.landing import LandingLinks, Link
from schemas.feedback import Channel


class OpenFormulieren(LandingLinks):
    """Settings of the links of an installation of Open Formulieren."""

    channel: ClassVar[Channel] = Channel.WEB_FORM
    documentation: ClassVar[str] = "https://open-forms.readthedocs.io/en/stable/configuration/general/analytics.html"

    links: dict[str, Link] = Field(description="By source id: the landing links in use", min_length=1)
