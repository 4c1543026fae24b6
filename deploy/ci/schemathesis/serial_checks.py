"""What schemathesis cannot see in a description: reasons for a refusal that lie in what the node knows."""

import re

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import positive_data_acceptance

# In words of the answers' details.
BEYOND_A_SCHEMA = re.compile(
    "|".join(
        [
            '"after" is ',  # a cursor that no page has given
            r"year \d+ is not within ",  # neither this year nor one that is past
            r"(record \d+: )?created_by: there is no user ",
            r"\d+ numbers from ",  # more than are left after the one that is named
            "(started_at|completed_at) ",  # a time that does not go with the status that the record has
        ]
    )
)


def is_beyond_a_schema(response) -> bool:
    problem = response.json()
    if response.status_code == 422:
        return problem["code"] == "idempotency-key-reused"
    return response.status_code == 400 and BEYOND_A_SCHEMA.match(problem["detail"]) is not None


@schemathesis.check
def valid_data_is_taken(ctx, response, case):
    """Takes the place of positive_data_acceptance, which the command line leaves out."""
    try:
        positive_data_acceptance(ctx, response, case)
    except RejectedPositiveData:
        if not is_beyond_a_schema(response):
            raise
