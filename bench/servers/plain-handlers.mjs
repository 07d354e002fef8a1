// What the servers without a fetch face answer: the same values, made anew for every request.

export const user = () => ({
  id: 42,
  name: 'Ada Lovelace',
  active: true,
  score: 98.5,
  tags: ['analyst', 'poet', 'engine'],
  address: { city: 'London', zip: 'W1' },
})

export const announce = (port) => console.log(JSON.stringify({ port }))
