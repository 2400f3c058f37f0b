/* Passkeys: what only a browser's script can ask the device for. Answers are words for the page, "" when all is well. */
(function (root) {
  "use strict";
  const { navigator, PublicKeyCredential } = root;
  const csrf = () => (root.document.cookie.match(/(?:^|; )orderflow_csrf=([^;]*)/) || ["", ""])[1];

  /** @param {string} path @param {unknown} body */
  async function post(path, body) {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf() };
    const answer = await fetch(`/auth/passkeys${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.detail);
    return found;
  }

  /** Ask the device, after a click on a button, which waits until it is done: the fault, and what `ask` finds. */
  async function asking(clicks, ask) {
    const { callback_context: context, no_update: same, set_props: set } = root.dash_clientside;
    if (!clicks) return [same, same];
    const { id } = context.inputs_list[0];
    set(id, { disabled: true });
    try {
      if (!PublicKeyCredential) throw new Error("This browser has no passkeys here: they need https:// or localhost.");
      return ["", await ask()];
    } catch (/** @type {any} */ error) {
      const denied = error.name === "NotAllowedError";
      return [denied ? "The device did not answer, or was told not to." : String(error.message), same];
    } finally {
      set(id, { disabled: false });
    }
  }

  root.dash_clientside = Object.assign({}, root.dash_clientside, {
    passkey: {
      /** Make a passkey: the fault, and what the server has answered. */
      add: (clicks, name, password) =>
        asking(clicks, async () => {
          const asked = await post("/options", { password });
          const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options);
          const credential = /** @type {any} */ (await navigator.credentials.create({ publicKey })).toJSON();
          return post("", { id: asked.id, name, credential });
        }),

      /** Log in by a passkey alone: the fault, and a new value when it is done. */
      login: (clicks) =>
        asking(clicks, async () => {
          const asked = await post("/login/options", {});
          const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
          const credential = /** @type {any} */ (await navigator.credentials.get({ publicKey })).toJSON();
          await post("/login", { id: asked.id, credential });
          return Date.now();
        }),
    },
  });
})(window);
