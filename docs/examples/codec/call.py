"""Places a call as an encrypting client, and prints its outcome: python call.py CALL_ID NUMBER"""

import asyncio
import json
import os
import sys

from codec import data_converter
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy


async def main(call_id: str, number: str) -> None:
    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"),
        data_converter=data_converter(os.environ["RINGTRUE_ENCRYPTION_KEYS"]),
    )
    outcome = await client.execute_workflow(
        "outboundCall",
        {"to": number, "twiml": "<Response><Say>Hello</Say></Response>"},
        id=call_id,
        task_queue=os.environ.get("RINGTRUE_TASK_QUEUE", "outbound-calls"),
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
    )
    print(json.dumps(outcome))


asyncio.run(main(*sys.argv[1:]))
