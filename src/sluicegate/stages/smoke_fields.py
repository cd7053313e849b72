"""The evidence of a smoke test."""

from sluicegate.stages.stage import FieldSpec

FIELDS = (
    FieldSpec("ready", "boolean", "Whether the service became ready in time."),
    FieldSpec("ready_ms", "integer", "How long that took.", "milliseconds"),
    FieldSpec(
        "running", "boolean", "Whether the container still ran when all was asked."
    ),
    FieldSpec("golden", "integer", "Golden requests in the file."),
    FieldSpec("values", "integer", "Values of answers that were compared."),
    FieldSpec(
        "mismatches",
        "integer",
        "Golden requests with another answer or status, or none.",
    ),
    FieldSpec("unanswered", "integer", "Requests without a whole answer."),
    FieldSpec(
        "largest_difference",
        "number",
        "The largest difference of a number from the expected one, to a millionth.",
        "as the answers have it",
    ),
    FieldSpec("image_id", "text", "The ID of the image that was started."),
    FieldSpec("golden_digest", "text", "The digest of the golden file."),
)
BATCH_FIELDS = (
    FieldSpec(
        "batch_mismatches",
        "integer",
        "Golden requests that some batch answers otherwise than alone.",
    ),
)
VARIANT_FIELDS = (
    FieldSpec("variants", "integer", "Variants of a request that were asked."),
    FieldSpec("variant_failures", "integer", "Variants not answered as they should."),
)
