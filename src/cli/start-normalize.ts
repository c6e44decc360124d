#!/usr/bin/env node
import { keepCompiledCode } from './compile-cache.ts'

keepCompiledCode()
const { runNormalizeCommand } = await import('./normalize.ts')
await runNormalizeCommand()
