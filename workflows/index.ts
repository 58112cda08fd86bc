/** What Temporal bundles: the workflow types of ringtrue. */
export { outboundCall } from './outboundCall.js';
export { outcomeNotification } from './outcomeNotification.js';
