/** What Temporal bundles: the workflow types of ringtrue. */
export { callBatch } from './callBatch.js';
export { notification, resentNotification } from './notification.js';
export { outboundCall } from './outboundCall.js';
