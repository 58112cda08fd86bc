"""Places a call by starting its workflow: python call.py CALL_ID NUMBER"""

import asyncio
import os
import sys
from datetime import datetime, timedelta, timezone

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy


def in_seconds(seconds: int) -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


async def main(call_id: str, number: str) -> None:
    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"))

    async def start(call_id: str):
        return await client.start_workflow(
            "outboundCall",
            {
                "to": number,
                "twiml": "<Response><Say>Your table is ready.</Say></Response>",
                "notBefore": in_seconds(3600),
                "metadata": {"language": "python"},
            },
            id=call_id,  # the call id: the same id never starts a second call
            task_queue="outbound-calls",
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )

    # The query `state`: the call waits for its time.
    call = await start(call_id)
    state = {"state": "looking-up"}
    while state["state"] != "waiting":
        await asyncio.sleep(0.2)
        state = await call.query("state")
    print(state["callId"], state["state"])

    # The update `reschedule`: dial now. The result of the workflow is the outcome.
    await call.execute_update("reschedule", {"at": in_seconds(0), "by": "call.py"})
    outcome = await call.result()
    print(outcome["callId"], outcome["outcome"], outcome["decidedBy"])

    # The signal `cancel` works even while no worker runs. A Temporal cancellation does the same.
    other = await start(f"{call_id}-canceled")
    await other.signal("cancel", {"reason": "no table left", "by": "call.py"})
    outcome = await other.result()
    print(outcome["callId"], outcome["outcome"], outcome["endedBecause"]["message"])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
