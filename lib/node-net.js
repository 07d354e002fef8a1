let net

/** node:net, which takes half a millisecond to load and is needed behind proxies only. */
function nodeNet() {
  net ??= process.getBuiltinModule('node:net')
  return net
}

/** 4, 6, or 0: no IP address. */
export const isIP = (text) => nodeNet().isIP(text)

export const newBlockList = () => new (nodeNet().BlockList)()
