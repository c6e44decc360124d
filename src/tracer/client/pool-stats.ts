/** Counts of a pool since it was made. All of them only grow. */
export class PoolStats {
  /** Request lines sent, those sent again included. */
  requests = 0
  /** Request lines among them that were sent again, because a connection was lost. */
  retries = 0
  /** Detections that went to whoever had asked; what the cache gives is not counted again. */
  detections = 0
  /** Indicators that the cache knew. */
  cacheHits = 0
  /** Indicators that it did not know. */
  cacheMisses = 0
  /** Indicators among them that another request in flight was asking already. */
  shared = 0
  /** Requests that timed out, or waited for a server that had stopped to answer. */
  timeouts = 0
  /** Requests that no server could be found for. */
  unavailable = 0
  /** Replies that came after the time-out, and were dropped. */
  lateReplies = 0
  /** Detections of something that the request had not asked, dropped. */
  strayDetections = 0
  /** Indicators that do not fit into a line: they are not asked, and nothing is found for them. */
  tooLong = 0
  /** Connections begun. */
  connections = 0
  /** Connections that could not be made, or gave no reply, or stopped to reply. */
  failedConnections = 0
}
