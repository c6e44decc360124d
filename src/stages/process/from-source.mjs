// The worker's entry where the project runs from its sources: hooks that read TypeScript do not reach a worker by
// themselves (https://github.com/privatenumber/tsx/issues/354). It is no part of what is built.
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
