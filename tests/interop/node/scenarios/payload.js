// Values of every kind make the round trip unchanged, as arguments of a call and as those of an event.
'use strict';

const assert = require('assert').strict;

const BORDERS = [0, 1, 23, 24, 127, 128, 255, 256, 32767, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32];
const LARGEST = Number.MAX_SAFE_INTEGER;

// Buffers and Uint8Arrays with the same octets are the same to a user.
function plain(value) {
   if (value instanceof Uint8Array) {
      return { octets: Buffer.from(value).toString('hex') };
   }
   if (Array.isArray(value)) {
      return value.map(plain);
   }
   if (value && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
   }
   return value;
}

// `values(peer)` spells the values as `peer` would.
async function unchanged(ground, values) {
   const [there, here] = [await ground.there(), await ground.here()];
   const { Result } = ground.autobahn;
   const calls = [];
   await there.session.register(ground.uri('echo'), (args, kwargs) => {
      calls.push([args, kwargs]);
      return new Result(args, kwargs);
   });
   let heard;
   const event = new Promise((resolve) => (heard = resolve));
   await there.session.subscribe(ground.uri('news'), (args, kwargs) => heard([args, kwargs]));

   const mine = ['first', ...values(here)];
   const theirs = ['first', ...values(there)];
   const result = await here.session.call(ground.uri('echo'), mine, { kept: mine });
   assert.deepEqual(plain(calls), [plain([theirs, { kept: theirs }])]);
   assert.deepEqual(plain([result.args, result.kwargs]), plain([mine, { kept: mine }]));

   here.session.publish(ground.uri('news'), mine, { kept: mine });
   assert.deepEqual(plain(await event), plain([theirs, { kept: theirs }]));
}

const deep = [...Array(30)].reduce((inner) => [inner], []);

module.exports = {
   'null and booleans': (ground) =>
      unchanged(ground, () => [null, true, false, [null, true], { no: false, nil: null }]),

   'integers to 2^53 - 1': (ground) =>
      unchanged(ground, () => [...BORDERS, LARGEST, ...BORDERS.slice(1).map((n) => -n), -LARGEST]),

   floats: (ground) =>
      unchanged(ground, () => [0.5, -0.1, Number.MAX_VALUE, Number.MIN_VALUE, Math.PI, -1.5e-7]),

   text: (ground) =>
      unchanged(ground, () => [
         '',
         'Grüße · Привет · 你好 · ありがとう',
         'مرحبا بالعالم · שלום עולם',
         '👩‍🚀🎉 𝒳 𐍈 \u{10ffff}',
         'e\u0301 \u200f \ufeff \u2028',
         'quote " backslash \\ slash / tab \t newline \n bell \x07 delete \x7f',
         'x'.repeat(31) + 'y'.repeat(225) + 'z'.repeat(65536),
      ]),

   'keys in any script': (ground) =>
      unchanged(ground, () => [{ '': 1, ключ: 2, '🔑': { 'a b': 3, 'q"': 4 } }]),

   'lists and dicts': (ground) =>
      unchanged(ground, () => [
         [],
         {},
         { list: [[], {}, [[]], [{ a: [1, [2, [3]]] }]], dict: { empty: {}, list: [] } },
         deep,
         [...Array(70000).keys()],
         Object.fromEntries([...Array(300).keys()].map((n) => [`k${n}`, n])),
      ]),

   binary: (ground) =>
      unchanged(ground, (peer) => [[], [0], [...Array(256).keys()], Array(70000).fill(255)].map((b) => peer.spell(b))),

   'binary at depth': (ground) =>
      unchanged(ground, (peer) => [{ a: [{ b: [peer.spell([0, 1]), 'text', peer.spell([])] }, [[peer.spell([254])]]] }]),
};
