#!/usr/bin/env node
import { runNormalizeCommand } from './normalize.ts'

await runNormalizeCommand()
