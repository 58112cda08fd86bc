// Places a call by starting its workflow: go run . CALL_ID NUMBER
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

type Request struct {
	To        string            `json:"to"`
	Twiml     string            `json:"twiml"`
	NotBefore string            `json:"notBefore,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
}

type State struct {
	CallID string `json:"callId"`
	State  string `json:"state"`
}

type Outcome struct {
	CallID       string `json:"callId"`
	Outcome      string `json:"outcome"`
	DecidedBy    string `json:"decidedBy"`
	EndedBecause struct {
		Message string `json:"message"`
	} `json:"endedBecause"`
}

func inSeconds(seconds int) string {
	return time.Now().UTC().Add(time.Duration(seconds) * time.Second).Format(time.RFC3339)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	ctx, callID, number := context.Background(), os.Args[1], os.Args[2]
	address := os.Getenv("TEMPORAL_ADDRESS")
	if address == "" {
		address = client.DefaultHostPort
	}
	temporal := must(client.Dial(client.Options{HostPort: address}))
	defer temporal.Close()

	start := func(callID string) client.WorkflowRun {
		return must(temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:                    callID, // the call id: the same id never starts a second call
			TaskQueue:             "outbound-calls",
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		}, "outboundCall", Request{
			To:        number,
			Twiml:     "<Response><Say>Your table is ready.</Say></Response>",
			NotBefore: inSeconds(3600),
			Metadata:  map[string]string{"language": "go"},
		}))
	}
	outcomeOf := func(run client.WorkflowRun) (outcome Outcome) {
		must(0, run.Get(ctx, &outcome))
		return outcome
	}

	// The query `state`: the call waits for its time.
	call := start(callID)
	var state State
	for state.State != "waiting" {
		time.Sleep(200 * time.Millisecond)
		must(0, must(temporal.QueryWorkflow(ctx, callID, "", "state")).Get(&state))
	}
	fmt.Println(state.CallID, state.State)

	// The update `reschedule`: dial now. The result of the workflow is the outcome.
	update := must(temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   callID,
		UpdateName:   "reschedule",
		Args:         []any{map[string]string{"at": inSeconds(0), "by": "main.go"}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}))
	must(0, update.Get(ctx, nil))
	outcome := outcomeOf(call)
	fmt.Println(outcome.CallID, outcome.Outcome, outcome.DecidedBy)

	// The signal `cancel` works even while no worker runs. A Temporal cancellation does the same.
	other := start(callID + "-canceled")
	reason := map[string]string{"reason": "no table left", "by": "main.go"}
	must(0, temporal.SignalWorkflow(ctx, other.GetID(), "", "cancel", reason))
	outcome = outcomeOf(other)
	fmt.Println(outcome.CallID, outcome.Outcome, outcome.EndedBecause.Message)
}
