// A chart that may leave the page before it was drawn: NiceGUI's own throws then.
import { echarts } from "nicegui-echart";

export default {
  template: "<div></div>",
  props: { options: Object },
  mounted() {
    // A turn later the sizes of the page's styles hold.
    this.turn = setTimeout(() => {
      this.chart = echarts.init(this.$el, null, { renderer: "svg" });
      this.chart.setOption(this.options);
      this.resizes = new ResizeObserver(() => this.chart.resize());
      this.resizes.observe(this.$el);
    });
  },
  beforeUnmount() {
    clearTimeout(this.turn);
    this.resizes?.disconnect();
    this.chart?.dispose();
  },
};
