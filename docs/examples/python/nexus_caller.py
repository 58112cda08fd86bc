"""A workflow of another namespace that places a call over Nexus: python nexus_caller.py CALL_ID NUMBER"""

import asyncio
import os
import sys
from datetime import timedelta
from typing import Any

import nexusrpc
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker


@nexusrpc.service(name="ringtrue")
class Ringtrue:
    call: nexusrpc.Operation[dict[str, Any], dict[str, Any]]
    cancel: nexusrpc.Operation[dict[str, Any], dict[str, Any]]
    state: nexusrpc.Operation[dict[str, Any], dict[str, Any]]


@workflow.defn
class Reminder:
    @workflow.run
    async def run(self, call_id: str, number: str) -> str:
        ringtrue = workflow.create_nexus_client(service=Ringtrue, endpoint="ringtrue")
        request = {"to": number, "twiml": "<Response><Say>See you tomorrow.</Say></Response>"}
        outcome = await ringtrue.execute_operation(
            Ringtrue.call,
            {"callId": call_id, "request": request},
            schedule_to_close_timeout=timedelta(days=1),
        )
        state = await ringtrue.execute_operation(
            Ringtrue.state,
            {"callId": call_id},
            schedule_to_close_timeout=timedelta(minutes=1),
        )
        return f"{outcome['callId']} {outcome['outcome']} {state['state']}"


async def main(call_id: str, number: str) -> None:
    address = os.environ.get("TEMPORAL_ADDRESS", "localhost:7233")
    client = await Client.connect(address, namespace="reminders")
    async with Worker(client, task_queue="reminders", workflows=[Reminder]):
        print(
            await client.execute_workflow(
                Reminder.run, args=[call_id, number], id=f"reminder-{call_id}", task_queue="reminders"
            )
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
