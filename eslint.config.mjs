import js from "@eslint/js";
import globals from "globals";

const shared = {
  languageOptions: { sourceType: "script", globals: { ...globals.browser, dash_clientside: "readonly" } },
  rules: {
    eqeqeq: "error",
    "no-var": "error",
    "no-shadow-restricted-names": "error",
    "no-unused-vars": ["error", { args: "all", argsIgnorePattern: "^_", caughtErrors: "all" }],
    "prefer-const": ["error", { destructuring: "all" }],
    strict: ["error", "function"],
  },
};

export default [
  {
    ignores: [
      "assets/00-plotly-basic.min.js", // not ours
      ".venv/", // scripts of the installed libraries
      "build/",
    ],
  },
  { ...js.configs.recommended, files: ["assets/**/*.js"] },
  { ...shared, files: ["assets/**/*.js"] },
  // what the phone's page loads runs in browsers of 2020
  { files: ["assets/play/*.js", "assets/kit/*.js"], languageOptions: { ecmaVersion: 2020 } },
];
