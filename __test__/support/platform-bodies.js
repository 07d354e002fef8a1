const [major, minor] = process.versions.node.split('.').map(Number)

/**
 * Whether this Node keeps the text or bytes of a Response where they can be read at once. Node 23
 * and 24.0 to 24.13 keep them where nobody gets at them; 26.12 makes them when they are read.
 */
export const readsAtOnce =
  major < 23 || (major === 24 && minor >= 14) || major === 25 || (major === 26 && minor < 12)
