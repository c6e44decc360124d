/** Turns of the event loop without a new connection, after which there is none that waits. */
const QUIET_TURNS = 3
const MOST_TURNS = 10_000

/**
 * Waits until the connections are taken that the system has accepted: Node takes one in a turn of the event loop, and those that wait
 * when a server is closed are reset.
 *
 * @param connections number of connections so far
 */
export async function allAccepted(connections: () => number): Promise<void> {
  let before = connections()
  for (let turns = 0, quiet = 0; quiet < QUIET_TURNS && turns < MOST_TURNS; turns++) {
    await new Promise(setImmediate)
    const now = connections()
    quiet = now === before ? quiet + 1 : 0
    before = now
  }
}
