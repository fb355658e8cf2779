// A WAMP session in JavaScript: register and call, subscribe and publish.
//
//     npm install
//     node client.js [ws://127.0.0.1:8080/ws]
//
// Node 20 needs `node --experimental-websocket client.js`.
'use strict';

const autobahn = require('autobahn');

const connection = new autobahn.Connection({
   url: process.argv[2] || 'ws://127.0.0.1:8080/ws',
   realm: 'realm1',
   max_retries: 0,
   on_user_error: () => {}, // an error for the caller is no news here
});

async function callAProcedure(session) {
   await session.register('com.example.divide', ([a, b]) => {
      if (b === 0) {
         throw new autobahn.Error('com.example.error.division_by_zero', [a]);
      }
      return a / b;
   });
   console.log('7 / 2 =', await session.call('com.example.divide', [7, 2]));
   try {
      await session.call('com.example.divide', [7, 0]);
   } catch (error) {
      console.log('7 / 0 is', error.error);
   }
}

async function hearAnEvent(session) {
   let heard;
   const event = new Promise((resolve) => (heard = resolve));
   await session.subscribe('com.example.news', ([text], more) => heard([text, more]));
   // A publisher does not hear itself unless it asks to.
   const options = { acknowledge: true, exclude_me: false };
   await session.publish('com.example.news', ['hello'], { emphasis: 3 }, options);
   console.log('heard', await event);
}

process.exitCode = 1; // until everything worked

connection.onopen = async (session) => {
   console.log(`joined as session ${session.id}`);
   try {
      await callAProcedure(session);
      await hearAnEvent(session);
      process.exitCode = 0;
   } catch (error) {
      console.error(error);
   }
   connection.close();
};

connection.onclose = (why, details) => {
   console.log('left:', details.reason || why);
   return true; // no reconnecting
};

connection.open();
