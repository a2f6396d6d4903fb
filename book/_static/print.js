// Paper is white: in the dark theme, too, a page is printed in the colours of the light one. And what
// the reader has not come near is printed, too.
(() => {
  "use strict";
  const { dataset } = document.documentElement;
  let theme;

  addEventListener("beforeprint", () => {
    theme = dataset.theme;
    dataset.theme = "light";
    for (const image of document.images) image.loading = "eager";
  });
  addEventListener("afterprint", () => {
    dataset.theme = theme;
  });
})();
