"""The parts that a model card may have to have, and by which words each is known.

Sources:
    Mitchell et al. (2019), Model Cards for Model Reporting, section 4; the template of
    Hugging Face's huggingface_hub; Regulation (EU) 2024/1689, Annex IV.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Part = Literal[
    "license",
    "owner",
    "version",
    "intended_use",
    "out_of_scope_use",
    "limitations",
    "ethical_considerations",
    "training_data",
    "evaluation_data",
    "metrics",
    "how_to_use",
]
Profile = Literal["model-card", "eu-ai-act-annex-iv"]


@dataclass(frozen=True, slots=True)
class Known:
    """How a part is recognised.

    Attributes:
        phrases: words that a heading holds, in this order.
        titles: words that are all of a heading.
        keys: keys of the front matter that say the same.
        is_short: whether one word is enough: a name, an address.
        is_measured: whether a word beside a number is enough.
    """

    phrases: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    is_short: bool = False
    is_measured: bool = False

    def matches(self, title: str) -> bool:
        """Whether a heading called *title* is about it."""
        words = words_of(title)
        if any(words == words_of(each) for each in self.titles):
            return True
        padded = f" {' '.join(words)} "
        return any(f" {' '.join(words_of(each))} " in padded for each in self.phrases)


PARTS: Mapping[str, Known] = MappingProxyType(
    {
        "license": Known(
            ("license", "licence", "licensing", "licenses"),
            keys=("license", "license_name", "licence"),
            is_short=True,
        ),
        "owner": Known(
            ("owner", "owners", "maintainer", "maintainers", "contact", "developed by"),
            ("authors", "author", "model card authors", "developers", "provider"),
            ("owner", "owners", "authors", "maintainers", "developers", "contact"),
            is_short=True,
        ),
        "version": Known(
            ("version", "model date"), keys=("version", "model_version"), is_short=True
        ),
        "intended_use": Known(
            (
                *("intended use", "intended uses", "intended purpose", "direct use"),
                *("primary use", "primary uses", "use cases", "intended usage"),
            ),
            ("use", "uses"),
        ),
        "out_of_scope_use": Known(
            ("out of scope", "misuse", "uses to avoid", "prohibited uses")
        ),
        "limitations": Known(("limitation", "limitations", "caveats", "known issues")),
        "ethical_considerations": Known(
            (
                *("ethical considerations", "ethics", "bias", "biases", "fairness"),
                *("risks", "societal impact"),
            )
        ),
        "training_data": Known(
            ("training data", "training dataset", "training datasets", "training set"),
        ),
        "evaluation_data": Known(
            (
                *("evaluation data", "testing data", "test data", "test set"),
                *("evaluation dataset", "validation data"),
            )
        ),
        "metrics": Known(
            (
                *("metrics", "performance", "evaluation results", "results"),
                *("quantitative analyses", "quantitative analysis"),
            ),
            ("evaluation",),
            ("model-index",),
            is_measured=True,
        ),
        "how_to_use": Known(
            ("how to use", "how to get started", "usage", "getting started"),
            ("quick start",),
        ),
    }
)
"""What each part is known by."""

PROFILES: Mapping[str, Mapping[str, Known]] = MappingProxyType(
    {
        "model-card": {
            "Model details": Known(("model details", "model description")),
            "Intended use": PARTS["intended_use"],
            "Factors": Known(("factors",)),
            "Metrics": PARTS["metrics"],
            "Evaluation data": PARTS["evaluation_data"],
            "Training data": PARTS["training_data"],
            "Quantitative analyses": Known(
                ("quantitative analyses", "quantitative analysis", "results")
            ),
            "Ethical considerations": PARTS["ethical_considerations"],
            "Caveats and recommendations": Known(
                ("caveats", "recommendations", "limitations")
            ),
        },
        "eu-ai-act-annex-iv": {
            "Intended purpose": Known(("intended purpose", "intended use")),
            "Provider": Known(("provider",), is_short=True),
            "Development process": Known(("development process", "development")),
            "Architecture": Known(("architecture", "design specifications")),
            "Training data": PARTS["training_data"],
            "Human oversight": Known(("human oversight",)),
            "Validation and testing": Known(
                ("validation and testing", "validation", "testing", "evaluation")
            ),
            "Cybersecurity": Known(("cybersecurity", "security")),
            "Monitoring and control": Known(("monitoring and control", "monitoring")),
            "Limitations": PARTS["limitations"],
            "Performance metrics": Known(("performance metrics", "metrics")),
            "Risk management": Known(("risk management",)),
            "Changes": Known(("changes", "lifecycle", "change log", "changelog")),
            "Standards": Known(("standards", "harmonised standards")),
            "Declaration of conformity": Known(("declaration of conformity",)),
            "Post-market monitoring": Known(
                ("post market monitoring", "post market monitoring plan")
            ),
        },
    }
)
"""Further headings, by the name that the profile has for them."""


def words_of(text: str) -> list[str]:
    """The words of *text*, small, without what stands between them."""
    return re.findall(r"[^\W_]+", text.casefold())
