/** The library by a name: a bundler takes it along where it is named, and only there. */
export * as re2js from 're2js'
