import io.temporal.api.enums.v1.WorkflowIdReusePolicy;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** Places a call by starting its workflow: java -cp … Call CALL_ID NUMBER */
public class Call {
  private static final WorkflowClient temporal = connect();

  public static void main(String[] arguments) throws InterruptedException {
    String callId = arguments[0];
    String number = arguments[1];

    // The query `state`: the call waits for its time.
    WorkflowStub call = start(callId, number);
    Map<?, ?> state = Map.of("state", "looking-up");
    while (!"waiting".equals(state.get("state"))) {
      Thread.sleep(200);
      state = call.query("state", Map.class);
    }
    System.out.println(state.get("callId") + " " + state.get("state"));

    // The update `reschedule`: dial now. The result of the workflow is the outcome.
    call.update("reschedule", Map.class, Map.of("at", inSeconds(0), "by", "Call.java"));
    Map<?, ?> outcome = call.getResult(Map.class);
    System.out.println(
        outcome.get("callId") + " " + outcome.get("outcome") + " " + outcome.get("decidedBy"));

    // The signal `cancel` works even while no worker runs. A Temporal cancellation does the same.
    WorkflowStub other = start(callId + "-canceled", number);
    other.signal("cancel", Map.of("reason", "no table left", "by", "Call.java"));
    outcome = other.getResult(Map.class);
    Map<?, ?> because = (Map<?, ?>) outcome.get("endedBecause");
    System.out.println(
        outcome.get("callId") + " " + outcome.get("outcome") + " " + because.get("message"));
    System.exit(0);
  }

  private static WorkflowStub start(String callId, String number) {
    WorkflowStub call =
        temporal.newUntypedWorkflowStub(
            "outboundCall",
            WorkflowOptions.newBuilder()
                .setWorkflowId(callId) // the call id: the same id never starts a second call
                .setTaskQueue("outbound-calls")
                .setWorkflowIdReusePolicy(
                    WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
                .build());
    call.start(
        Map.of(
            "to", number,
            "twiml", "<Response><Say>Your table is ready.</Say></Response>",
            "notBefore", inSeconds(3600),
            "metadata", Map.of("language", "java")));
    return call;
  }

  private static String inSeconds(int seconds) {
    return Instant.now().plusSeconds(seconds).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static WorkflowClient connect() {
    String address = System.getenv().getOrDefault("TEMPORAL_ADDRESS", "localhost:7233");
    WorkflowServiceStubsOptions options =
        WorkflowServiceStubsOptions.newBuilder().setTarget(address).build();
    return WorkflowClient.newInstance(WorkflowServiceStubs.newServiceStubs(options));
  }
}
