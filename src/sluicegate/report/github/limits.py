"""What GitHub takes at most, in one place. Pure.

GitHub says "characters" and means sometimes bytes, sometimes UTF-16 units and
sometimes code points. Text is measured in bytes of UTF-8 here, of which there are never
fewer than of any of those, so it fits however GitHub counts.
"""

SUMMARY_BYTES = 1 << 20
"""Of the summary of one step; a larger one is thrown away whole.

Source:
    GitHub, "Workflow commands for GitHub Actions", "Step isolation and limits".
"""

COMMENT_BYTES = 65_536
"""Of a comment on an issue or a pull request.

Source:
    The API's own answer: "body is too long (maximum is 65536 characters)".
"""

CHECK_BYTES = 65_535
"""Of the ``summary`` of a check run.

Source:
    GitHub's OpenAPI description, ``checks/create``, ``output.summary.maxLength``.
"""

CHECK_ANNOTATIONS = 200
"""Of one check run: our own bound, four requests of 50 each; all are in the summary."""

ANNOTATION_BYTES = 65_536
"""Of the ``message`` of an annotation of a check run.

Source:
    GitHub, "REST API endpoints for check runs": 64 KB.
"""

ANNOTATION_TITLE = 255
"""Of the ``title`` of an annotation, in characters; likewise."""

COMMANDS = 10
"""Annotations of one kind (error, warning, notice) that a step may make.

Source:
    GitHub, "REST API endpoints for check runs": "GitHub Actions are limited to 10
    warning annotations and 10 error annotations per step."
"""

DESCRIPTION_BYTES = 140
"""Of a commit status, a deployment and a deployment's status.

Source:
    GitHub's OpenAPI description, ``repos/create-deployment-status``.
"""

SARIF_BYTES = 10_000_000
"""Of a SARIF document, compressed. The document is kept below it *before* it is
compressed: deflate makes no text so much longer that it would not fit any more.

Source:
    GitHub, "SARIF results exceed one or more limits" and "SARIF results file is too
    large": 10 MB; this and the next three.
"""

SARIF_RUNS = 20
SARIF_RESULTS = 25_000  # of a run, of which 5 000 are shown
SARIF_RULES = 25_000  # of a run
