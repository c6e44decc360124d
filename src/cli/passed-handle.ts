import { Socket, type SocketConstructorOpts } from 'node:net'

/**
 * A connection without a socket round it, as it goes from one process to another and on to a third: nothing reads from
 * it.
 *
 * Node's documented way is to pass the socket itself (`process.send(message, socket)`). It fits one passing, from a
 * server with `pauseOnConnect`: the socket that the receiver gets reads at once, and what it has read by the time it is
 * passed on is lost to the next process. `pause()` does not stop that reading, and there is no option for sockets that
 * are received. A connection goes from a worker to the primary and from there to another worker, so the handle is
 * passed, as Node's own round robin of clusters passes it. Two things here are not documented: the member `_handle` of
 * a socket, and the option `handle` of its constructor. The test of this file fails when either changes, and also when a
 * received socket no longer reads at once, because then this file can go.
 */
export interface PassedHandle {
  close(): void
}

/** The handle of a socket; undefined when the connection is closed. */
export function handleOf(socket: Socket): PassedHandle | undefined {
  return (socket as Socket & { _handle?: PassedHandle | null })._handle ?? undefined
}

/** A socket round a handle. Reading begins with it. */
export function socketOf(handle: PassedHandle): Socket {
  const options: SocketConstructorOpts & { handle: PassedHandle } = { handle, allowHalfOpen: true }
  return new Socket(options)
}

/** The handle as `send` of a process takes it: the types know sockets only, Node takes both. */
export function sendable(handle: PassedHandle | undefined): Socket {
  return handle as unknown as Socket
}
