/** What stands for an address that can no longer be asked for: the connection has gone. */
export const noAddress = () => ({ address: '', port: 0, family: 'IPv4' })
