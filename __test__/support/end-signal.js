// How the programs of a test are ended when it is over: at once. `npm run test:valgrind` asks for
// another signal than SIGKILL, since it looks for leaks when a process ends.

export const END_SIGNAL = process.env.MILOUV_TEST_END ?? 'SIGKILL'
