/* What the page's buttons and keys do, by the name in a button's `data-do` and in the table of keys. */
(function (root) {
  "use strict";
  const of = (root.orderflow = root.orderflow || {});
  const ix = (of.instruments = of.instruments || {});

  /** Functions by name; they are given the button that was pressed. */
  function actions(page) {
    const { control, quiz } = page;
    return {
      search: () => {
        page.field.focus();
        page.field.select();
      },
      clear: () => page.clear(),
      run: () => control.toggle(),
      faster: () => control.faster(1),
      slower: () => control.faster(-1),
      restart: () => {
        control.ask();
        page.dialog("restart", true);
      },
      "restart-go": () => control.restart(),
      "restart-dice": () => control.dice(),
      scenario: () => {
        control.errors([]);
        page.dialog("scenario", true);
      },
      "scenario-play": (button) => control.play({ name: button.dataset.name }),
      "scenario-stop": () => control.play({}),
      "scenario-own": () => control.playOwn(),
      "scenario-file": () => control.file.click(),
      "scenario-example": () => control.example(),
      quiz: () => page.dialog("quiz", true),
      "quiz-real": () => quiz.guess("real"),
      "quiz-fake": () => quiz.guess("fake"),
      "quiz-next": () => quiz.next(),
      "quiz-again": () => quiz.begin(),
      close: () => page.dialog(page.opened, false),
      help: () => page.dialog("help", true),
      theme: () => {
        of.theme.choose(of.theme.scheme() === "dark" ? "light" : "dark");
        page.themed();
      },
    };
  }

  ix.actions = actions;
})(globalThis);
