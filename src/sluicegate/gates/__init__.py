"""Gates judge evidence: conditions in CEL, and how their answers combine. Pure."""
