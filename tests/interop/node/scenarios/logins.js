// Ways of logging in, as `logins.json` lists them.
'use strict';

const assert = require('assert').strict;
const { NotHere, refused } = require('../ground');
const LOGINS = require('../../logins/logins.json');

// What autobahn's connection has to be told, by method, from the credentials in the list.
const METHODS = {
   ticket: ({ authid, ticket }) => ({ authid, onchallenge: () => ticket }),
   jwt: ({ authid, token, header }) => ({
      authid,
      headers: header && { Authorization: `Bearer ${header}` },
      onchallenge: () => token,
   }),
   cookie: ({ cookie }) => ({ headers: cookie && { Cookie: cookie } }),
   tls: ({ authid, certificate }) => ({ authid, certificate }),
   cryptosign: ({ authid, privkey, router }, { nacl, auth_cryptosign }) => {
      const octets = (digits) => Uint8Array.from(Buffer.from(digits, 'hex'));
      const pair = nacl.sign.keyPair.fromSeed(octets(privkey));
      // Who knows the key of the router asks it to sign as well.
      const asked = router ? nacl.randomBytes(32) : null;
      const challenge = asked && Buffer.from(asked).toString('hex');
      return {
         authid,
         authextra: { pubkey: auth_cryptosign.public_key(pair), challenge, channel_binding: null },
         onchallenge: (_session, _method, extra) => {
            if (router) {
               assert.equal(extra.pubkey, router);
               const [signature, message] = [octets(extra.signature.slice(0, 128)), extra.signature.slice(128)];
               assert.equal(message, challenge);
               assert(nacl.sign.detached.verify(asked, signature, octets(router)), 'the router has another key');
            }
            return auth_cryptosign.sign_challenge(pair, extra);
         },
      };
   },
   wampcra: ({ authid, secret }, { auth_cra }) => ({
      authid,
      onchallenge: (_session, _method, { challenge, salt, iterations, keylen }) =>
         auth_cra.sign(salt ? auth_cra.derive_key(secret, salt, iterations, keylen) : secret, challenge),
   }),
};

const as = ({ method }, credentials, { autobahn }) => ({
   authmethods: [method],
   ...METHODS[method](credentials, autobahn),
});

function check({ clients = ['node'], only }, ground) {
   const { version } = ground.autobahn;
   if (!clients.some((name) => `node-${version}.`.startsWith(`${name}.`) || name === 'node')) {
      throw new NotHere(`autobahn-js ${version} can't`);
   }
   if (only && !only.includes(ground.transport)) {
      throw new NotHere(`only over ${only.join(', ')}`);
   }
}

const right = (login) => async (ground) => {
   check(login, ground);
   const { details } = await ground.here({ realm: login.realm, login: as(login, login.right, ground) });
   for (const [key, value] of Object.entries(login.welcome)) {
      assert.equal(details[key], value, key);
   }
};

const wrong = (login) => async (ground) => {
   check(login, ground);
   for (const credentials of login.wrong) {
      const joining = ground.here({ realm: login.realm, login: as(login, credentials, ground) });
      await refused(joining, 'wamp.error.authentication_denied');
   }
};

// What a realm does not know opens it for nobody, whatever else is right.
async function another(ground) {
   for (const realm of new Set(LOGINS.map((login) => login.realm))) {
      await refused(ground.here({ realm }), 'wamp.error.authentication_required');
      const login = { authmethods: ['telepathy'], authid: 'ada' };
      await refused(ground.here({ realm, login }), 'wamp.error.no_matching_auth_method');
   }
}

const mine = LOGINS.filter(({ clients = ['node'] }) => clients.some((name) => name.startsWith('node')));

module.exports = Object.fromEntries([
   ...mine.map((login) => [`${login.name} opens the realm`, right(login)]),
   ...mine.map((login) => [`${login.name} has to be right`, wrong(login)]),
   ['another method opens no realm', another],
]);
