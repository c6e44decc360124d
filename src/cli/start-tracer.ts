#!/usr/bin/env node
import process from 'node:process'
import { keepCompiledCode } from './compile-cache.ts'

keepCompiledCode()
const { runTracerCommand } = await import('./tracer.ts')
await runTracerCommand()
// Timers and sockets that a module of the user's own leaves open would keep the process of a server; there is
// nothing in it that has still to be written, as there is to the standard output of the other commands.
if (process.argv[2] === 'serve') process.exit()
