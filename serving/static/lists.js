// Sliders beside numbers, and files that fill a text field. Every form works without it.
"use strict";

(() => {
  const sliderFor = (field) => {
    const [least, most, step] = field.dataset.slider.split(" ");
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = least;
    slider.max = most;
    slider.step = step;
    slider.setAttribute("aria-label", `${field.labels[0].textContent}, slider`);
    const follow = () => {
      // An empty field sets no limit.
      const number = field.value.trim() ? Number(field.value.replace(",", ".")) : Number(most);
      if (Number.isFinite(number)) slider.value = String(number);
    };
    follow();
    field.addEventListener("input", follow);
    slider.addEventListener("input", () => { field.value = slider.value; });
    field.parentElement.after(slider);
  };

  const fillFrom = (chooser) => {
    const target = document.getElementById(chooser.dataset.into);
    chooser.parentElement.hidden = false;
    chooser.addEventListener("change", async () => {
      const [file] = chooser.files;
      if (file) target.value = await file.text();
    });
  };

  document.querySelectorAll("input[data-slider]").forEach(sliderFor);
  document.querySelectorAll("input[data-into]").forEach(fillFrom);
})();
