// Who joins, and what may be done then, decided by procedures that autobahn has registered, or by a service that is asked by
// HTTP.
'use strict';

const assert = require('assert').strict;
const http = require('http');
const { fails } = require('./common');
const { refused } = require('../ground');

const [JUDGES, DECIDED, HOOK] = ['login.judges', 'login.decided', 'login.hook'];
const ANSWER = { authid: 'ada.1', role: 'member', extra: { title: 'countess' } };
const [DENIED, FAILED] = ['wamp.error.authentication_denied', 'wamp.error.authentication_failed'];

const shows = (ground, authid, ticket, realm = DECIDED) =>
   ground.here({ realm, login: { authmethods: ['ticket'], authid, onchallenge: () => ticket } });

const signs = (ground, authid, secret) => {
   const onchallenge = (_session, _method, { challenge }) => ground.autobahn.auth_cra.sign(secret, challenge);
   return ground.here({ realm: DECIDED, login: { authmethods: ['wampcra'], authid, onchallenge } });
};

// Somebody decides meanwhile, and leaves in peace: the next scenario has the same procedures.
async function judged(ground, { who, what }, scenario) {
   const judge = await ground.here({ realm: JUDGES });
   await judge.session.register('interop.decide.who', (args) => who(...args));
   if (what) {
      await judge.session.register('interop.decide.what', (args) => what(...args));
   }
   await scenario();
   await judge.leave();
}

const no = (ground) => new ground.autobahn.Error('com.example.no_such_user', ['who is that?']);

async function isCountess(joining, authprovider) {
   const { details } = await joining;
   const { authid, authrole, authmethod, authextra } = details;
   assert.deepEqual([authid, authrole, authmethod], ['ada.1', 'member', 'ticket']);
   assert.deepEqual([details.authprovider, authextra], [authprovider, { title: 'countess' }]);
}

module.exports = {
   'a ticket is judged by a procedure': async (ground) => {
      const who = (realm, authid, { authmethod, ticket }) => {
         assert.deepEqual([realm, authmethod], [DECIDED, 'ticket']);
         if (authid === 'ada' && ticket === 'analytical engine') {
            return ANSWER;
         }
         throw no(ground);
      };
      await judged(ground, { who }, async () => {
         await isCountess(shows(ground, 'ada', 'analytical engine'), 'dynamic');
         await refused(shows(ground, 'ada', 'difference engine'), DENIED);
         await refused(shows(ground, 'bob', 'analytical engine'), DENIED);
      });
   },

   'a secret is said by a procedure': async (ground) => {
      const who = (_realm, authid) => {
         if (authid === 'ada') {
            return { role: 'member', secret: 'analytical engine' };
         }
         throw no(ground);
      };
      await judged(ground, { who }, async () => {
         const { details } = await signs(ground, 'ada', 'analytical engine');
         assert.equal(details.authmethod, 'wampcra');
         await refused(signs(ground, 'ada', 'guess'), DENIED);
         await refused(signs(ground, 'bob', 'analytical engine'), DENIED);
      });
   },

   'nobody gets in without a judge': async (ground) => {
      await refused(shows(ground, 'ada', 'analytical engine'), FAILED);
   },

   'requests are judged by a procedure': async (ground) => {
      const what = (session, uri, action) => {
         assert.deepEqual([session.authid, session.authrole], ['ada', 'member']);
         return uri === ground.uri('yes') && action !== 'subscribe';
      };
      await judged(ground, { who: () => 'member', what }, async () => {
         const { session } = await shows(ground, 'ada', 'analytical engine');
         await session.register(ground.uri('yes'), () => 23);
         assert.equal(await session.call(ground.uri('yes')), 23);
         await fails(session.subscribe(ground.uri('yes'), () => {}), 'wamp.error.not_authorized');
         await fails(session.call(ground.uri('no')), 'wamp.error.not_authorized');
      });
   },

   'a ticket is judged by a service': async (ground) => {
      await refused(shows(ground, 'ada', 'analytical engine', HOOK), FAILED);
      const service = http.createServer((request, response) => {
         let body = '';
         request.on('data', (chunk) => (body += chunk));
         request.on('end', () => {
            const { realm, authid, details } = JSON.parse(body);
            const good = realm === HOOK && authid === 'ada' && details.ticket === 'analytical engine';
            response.writeHead(good ? 200 : 403, { connection: 'close' });
            response.end(good ? JSON.stringify(ANSWER) : '');
         });
      });
      await new Promise((resolve) => service.listen(ground.router.hook, '127.0.0.1', resolve));
      try {
         await isCountess(shows(ground, 'ada', 'analytical engine', HOOK), 'http');
         await refused(shows(ground, 'ada', 'difference engine', HOOK), DENIED);
         await refused(shows(ground, 'bob', 'analytical engine', HOOK), DENIED);
      } finally {
         await new Promise((resolve) => service.close(resolve));
      }
   },
};
