/* The list of everybody in the game, to find somebody and kick. It is read from the session's file of participants. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const herd = (of.herd = of.herd || {});
  const $ = (id) => root.document.getElementById(id);

  const SHOWN = 200;

  class People {
    constructor(page) {
      this.page = page;
      this.everybody = [];
    }

    clear() {
      root.dash_clientside.set_props("herd-people-find", { value: "" });
    }

    async fetch() {
      if (!$("herd-dialog-people").open) return;
      let rows = null;
      try {
        const answer = await root.fetch("/herd/export/participants.csv", { cache: "no-store" });
        if (answer.ok) rows = table(await answer.text()).map((row) => ({ ...row, nick: row.nickname }));
      } catch {
        /* unreachable: the leaders are known all the same */
      }
      this.everybody = rows || this.page.model.leaders || [];
      this.show();
    }

    show() {
      const wanted = $("herd-people-find").value.trim().toLowerCase();
      const { make } = herd;
      const named = (row) => !wanted || row.nick.toLowerCase().includes(wanted) || row.participant === wanted;
      const rows = this.everybody.filter((row) => row.kicked !== "1" && named(row));
      const shown = rows.slice(0, SHOWN).map((row) => {
        const line = make("div", "hg-person");
        const kick = make("button", "hg-button hg-danger", "Kick");
        kick.type = "button";
        Object.assign(kick.dataset, { do: "kick", participant: row.participant, nick: row.nick });
        kick.setAttribute("aria-label", "Kick " + (row.nick));
        const name = make("span", "hg-nick", row.nick);
        if (row.bot) name.append(" ", make("small", "hg-bot", "bot"));
        line.append(name, make("span", "hg-wealth", herd.text.money(Number(row.wealth))), kick);
        return line;
      });
      if (!shown.length) shown.push(make("p", "hg-none", wanted ? "Nobody of that name." : "Nobody has joined yet."));
      if (rows.length > SHOWN) shown.push(make("p", "hg-none", rows.length - SHOWN + " more: look for a name."));
      $("herd-people-list").replaceChildren(...shown);
    }
  }

  /** CSV with a header as objects; fields may be quoted. */
  function table(text) {
    const rows = [];
    let row = [],
      field = "",
      quoted = false;
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (quoted) {
        if (c !== '"') field += c;
        else if (text[i + 1] === '"') {
          field += '"';
          i++;
        } else quoted = false;
      } else if (c === '"') quoted = true;
      else if (c === "," || c === "\n") {
        row.push(field.replace(/\r$/, ""));
        field = "";
        if (c === "\n") {
          rows.push(row);
          row = [];
        }
      } else field += c;
    }
    if (field || row.length) rows.push([...row, field]);
    const head = rows.shift() || [];
    const named = (fields) => Object.fromEntries(head.map((name, i) => [name, fields[i]]));
    return rows.filter((fields) => fields.length === head.length).map(named);
  }

  herd.People = People;
  herd.table = table;
})(globalThis);
