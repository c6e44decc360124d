export { DICT_METHODS } from './dict-methods.ts'
export { LIST_METHODS, TUPLE_METHODS } from './list-methods.ts'
export { SET_METHODS } from './set-methods.ts'
export { VIEW_METHODS } from './view-methods.ts'
