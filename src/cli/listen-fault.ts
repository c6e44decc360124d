/** The reason why a server cannot listen, and what to do. */
export function listenFault(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return 'the port is in use: another server runs there, or choose another port'
  if (code === 'EACCES') return 'not allowed: a port below 1024 needs the right to bind it'
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address'
  if (code === 'ENOTFOUND') return 'there is no such host'
  return message
}
