/** The number of no route. */
export const NO_ROUTE = -1
