// Places a call as an encrypting client, and prints its outcome: go run . CALL_ID NUMBER
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log"
	"os"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

func main() {
	codec, err := NewCodec(os.Getenv("RINGTRUE_ENCRYPTION_KEYS"))
	check(err)
	dataConverter := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec)
	connected, err := client.Dial(client.Options{
		HostPort:      cmp.Or(os.Getenv("TEMPORAL_ADDRESS"), "localhost:7233"),
		DataConverter: dataConverter,
		FailureConverter: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter:          dataConverter,
			EncodeCommonAttributes: true,
		}),
	})
	check(err)
	defer connected.Close()
	run, err := connected.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{
		ID:                    os.Args[1],
		TaskQueue:             cmp.Or(os.Getenv("RINGTRUE_TASK_QUEUE"), "outbound-calls"),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}, "outboundCall", map[string]string{
		"to":    os.Args[2],
		"twiml": "<Response><Say>Hello</Say></Response>",
	})
	check(err)
	var outcome map[string]any
	check(run.Get(context.Background(), &outcome))
	check(json.NewEncoder(os.Stdout).Encode(outcome))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
