// The very bytes of a workload's request.
import { text } from '../servers/plain-handlers.mjs'

/** The body it has, of its own or of so many bytes; '' for none. */
export const requestBody = ({ body, bodySize }) => body || text(bodySize)

export function requestBytes(workload, port) {
  const { headers, method, path } = workload
  const body = Buffer.from(requestBody(workload))
  const fields = { Host: `127.0.0.1:${port}`, ...headers }
  if (body.length > 0) fields['Content-Length'] = body.length
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  const head = Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'), 'latin1')
  return Buffer.concat([head, body])
}
